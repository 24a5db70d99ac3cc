-- Grain: one bucket x one field of one stream: how many of the bucket's rows hold a value there.
-- $bucket: length in microseconds, weeks begin on Monday; $source: text or NULL for all; $start, $end: half-open span,
-- either may be NULL; $most: how many unmapped fields at most, the most frequent ones. Current revisions only.
-- Composed in: the event table, and for each column its name as a literal with the test whether it has a value.
-- Unmapped fields are the keys of attributes and, one level down, of the objects in them. They are looked for once per
-- shape (keys and types, "NULL" for a null): logs have few shapes and many rows.
WITH chosen AS (
    SELECT * EXCLUDE (attributes), json_structure(attributes) AS _shape,
           time_bucket(to_microseconds($bucket::BIGINT), occurred_at) AS _bucket
    FROM {events}
    WHERE closed_by IS NULL AND ($source::VARCHAR IS NULL OR source = $source::VARCHAR)
      AND ($start::TIMESTAMPTZ IS NULL OR occurred_at >= $start::TIMESTAMPTZ)
      AND ($end::TIMESTAMPTZ IS NULL OR occurred_at < $end::TIMESTAMPTZ)
),
buckets AS (
    SELECT _bucket, count(*) AS rows FROM chosen GROUP BY _bucket
),
columns_present AS (
    SELECT _bucket, unnest([{columns}], recursive := true) FROM chosen GROUP BY _bucket
),
shapes AS (
    SELECT _bucket, _shape, count(*) AS _rows FROM chosen GROUP BY ALL
),
outer_keys AS (
    SELECT _bucket, _shape, _rows,
           CASE WHEN key IN (SELECT unnest($names::VARCHAR[])) THEN 'attributes.' ELSE '' END || key AS field,
           json_extract(_shape, '/' || replace(replace(key, '~', '~0'), '/', '~1')) AS value
    FROM (SELECT _bucket, _shape, _rows, unnest(json_keys(_shape)) AS key FROM shapes)
),
inner_keys AS (
    SELECT _bucket, _shape, _rows, field || '.' || key AS field,
           json_extract(value, '/' || replace(replace(key, '~', '~0'), '/', '~1')) AS value
    FROM (SELECT _bucket, _shape, _rows, field, value, unnest(json_keys(value)) AS key FROM outer_keys)
),
keys_present AS (
    SELECT _bucket, field, sum(_rows)::BIGINT AS present
    FROM (
        SELECT _bucket, _shape, _rows, field FROM outer_keys WHERE value::VARCHAR <> '"NULL"'
        UNION
        SELECT _bucket, _shape, _rows, field FROM inner_keys WHERE value::VARCHAR <> '"NULL"'
    )
    GROUP BY ALL
),
frequent AS (
    SELECT field FROM keys_present GROUP BY field ORDER BY sum(present) DESC, field LIMIT $most
),
present AS (
    SELECT _bucket, field, present FROM columns_present
    UNION ALL
    SELECT _bucket, field, present FROM keys_present SEMI JOIN frequent USING (field)
)
SELECT buckets._bucket, every.field, buckets.rows, coalesce(present.present, 0)
FROM buckets CROSS JOIN (SELECT DISTINCT field FROM present) AS every
LEFT JOIN present ON present._bucket = buckets._bucket AND present.field = every.field
ORDER BY buckets._bucket, every.field
