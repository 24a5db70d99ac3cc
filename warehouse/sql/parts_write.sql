-- Rows of one day, all revisions, into one file. $start, $end: half-open span (UTC); $file: where to.
-- Composed in: the event table and its columns (checked names).
COPY (
    SELECT {columns} FROM {events} WHERE occurred_at >= $start AND occurred_at < $end ORDER BY occurred_at
) TO $file (FORMAT parquet, COMPRESSION zstd)
