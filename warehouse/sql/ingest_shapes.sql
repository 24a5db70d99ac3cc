-- The most frequent shapes in a sample of one chunk (the Arrow table "incoming"): the keys of the objects read from.
-- Grain: one shape, with how many rows of the sample have it. $keyed: places of those objects; $most: how many shapes.
-- Composed in: the text of a row.
SELECT _keys, count(*)
FROM (SELECT json_keys(_raw, $keyed::VARCHAR[]) AS _keys FROM (SELECT {row} AS _raw FROM incoming) WHERE json_valid(_raw))
GROUP BY _keys ORDER BY count(*) DESC, _keys LIMIT $most
