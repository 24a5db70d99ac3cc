-- The columns by whose values rows of a stream were erased.
-- Grain: one column. $stream.
SELECT DISTINCT column_name FROM tombstones WHERE stream = $stream ORDER BY column_name
