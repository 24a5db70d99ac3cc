-- Adds to the counts of fields what some rows have, or takes it away.
-- Grain: source x hour of occurrence x field with a value in one of the rows. $stream, $batch; $names: the stream's columns
-- and "attributes"; $keys: keys of unmapped fields, $places: the row and the places of those keys; $one_by_one: whether
-- there are more keys than that; $most: how many unmapped fields at most, the most frequent ones.
-- Composed in: the rows, with their sign; numbers whose bits say which columns have a value, and what
-- each bit means.
-- Rows that have their keys in common are counted together. Of those that may hold a null the structure is looked at.
INSERT INTO field_rows BY NAME
WITH told AS ({told}),
patterns AS (
    SELECT source, make_timestamptz(epoch_us(occurred_at) // 3_600_000_000 * 3_600_000_000) AS hour, {bits},
           any_value(_keys) AS _keys, any_value(_shape) AS _shape, sum(_sign)::BIGINT AS _rows
    FROM (
        SELECT *, CASE WHEN NOT _closer THEN json_keys(attributes, $places::VARCHAR[]) END AS _keys,
               CASE WHEN _closer THEN json_structure(attributes) END AS _shape
        FROM (SELECT *, $one_by_one OR contains(CAST(attributes AS VARCHAR), 'null') AS _closer FROM told)
    )
    -- Lists are slow to compare.
    GROUP BY source, hour, {bits}, hash(_keys, CAST(_shape AS VARCHAR))
),
columns_present AS (
    SELECT source, hour, unnest([{columns}], recursive := true) FROM patterns GROUP BY source, hour
),
shapes AS (
    SELECT source, hour, _shape, _rows, row_number() OVER () AS _pattern FROM patterns WHERE _shape IS NOT NULL
),
outer_of_shapes AS (
    SELECT *, json_extract(_shape, '/' || replace(replace(key, '~', '~0'), '/', '~1')) AS value
    FROM (SELECT source, hour, _pattern, _rows, _shape, unnest(json_keys(_shape)) AS key FROM shapes)
),
inner_of_shapes AS (
    SELECT *, json_extract(value, '/' || replace(replace(inner_key, '~', '~0'), '/', '~1')) AS inner_value
    FROM (SELECT source, hour, _pattern, _rows, key, value, unnest(json_keys(value)) AS inner_key FROM outer_of_shapes)
),
keyed AS (
    SELECT source, hour, _rows, _keys, row_number() OVER () AS _pattern FROM patterns WHERE _keys IS NOT NULL
),
inner_of_keys AS (
    SELECT source, hour, _pattern, _rows, ($keys::VARCHAR[])[_number] AS key, unnest(_keys[_number + 1]) AS inner_key
    FROM (SELECT *, unnest(range(1, len($keys::VARCHAR[]) + 1)) AS _number FROM keyed)
),
found AS (
    SELECT source, hour, _pattern, _rows, key, NULL AS inner_key FROM outer_of_shapes WHERE value::VARCHAR <> '"NULL"'
    UNION
    SELECT source, hour, _pattern, _rows, key, inner_key FROM inner_of_shapes WHERE inner_value::VARCHAR <> '"NULL"'
    UNION
    SELECT source, hour, -_pattern, _rows, unnest(_keys[1]), NULL FROM keyed
    UNION
    SELECT source, hour, -_pattern, _rows, key, inner_key FROM inner_of_keys
),
named AS (
    SELECT source, hour, _rows, CASE WHEN list_contains($names::VARCHAR[], key) THEN 'attributes.' ELSE '' END || key
           || CASE WHEN inner_key IS NULL THEN '' ELSE '.' || inner_key END AS field
    FROM found
),
frequent AS (
    SELECT field FROM named GROUP BY field ORDER BY sum(abs(_rows)) DESC, field LIMIT $most
),
counted AS (
    SELECT source, hour, NULL AS field, sum(_rows) AS present FROM patterns GROUP BY source, hour
    UNION ALL
    SELECT source, hour, field, present FROM columns_present
    UNION ALL
    SELECT source, hour, field, sum(_rows) FROM named SEMI JOIN frequent USING (field) GROUP BY source, hour, field
)
SELECT $stream AS stream, $batch::BIGINT AS batch, source, hour, field, present::BIGINT AS present
FROM counted WHERE present <> 0 ORDER BY ALL
