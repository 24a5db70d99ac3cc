-- Fragment: the rows that the file brought and that are current, with their sign. $source.
SELECT $source::VARCHAR AS source, occurred_at, attributes, {bits}, 1 AS _sign
FROM staged SEMI JOIN (SELECT position FROM fates WHERE fate <> 'duplicate' AND NOT is_closed) USING (position)
