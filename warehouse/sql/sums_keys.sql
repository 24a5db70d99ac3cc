-- The keys of unmapped fields that rows have.
-- Grain: one key, in alphabetical order; at most $most. Composed in: the rows.
SELECT DISTINCT unnest(_keys) AS key
FROM (SELECT DISTINCT json_keys(attributes) AS _keys FROM ({told}))
ORDER BY key LIMIT $most
