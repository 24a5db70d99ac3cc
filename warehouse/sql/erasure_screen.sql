-- Keeps out readable rows with an erased value, without any text. $stream, $column; $before: salt and place of the digest.
-- Composed in: the staging table and the column (checked identifiers).
UPDATE {staged} SET _reason = 'erased', _detail = 'rows of this subject were erased on request and are not let in again',
       _raw = '', _raw_bytes = 0, attributes = NULL
WHERE _reason IS NULL AND {column} IS NOT NULL
  AND sha256($before::VARCHAR || CAST({column} AS VARCHAR)) IN (
      SELECT digest FROM tombstones WHERE stream = $stream AND column_name = $column)
