-- Grain: one bucket x one field of one stream: how many of the bucket's rows hold a value there.
-- $bucket: length in microseconds, weeks begin on Monday; $source: text or NULL for all; $start, $end: half-open span,
-- either may be NULL; $most: how many unmapped fields at most, the most frequent ones. Current revisions only.
-- Composed in: the event table, and for each column its name as a literal with the test whether it has a value.
-- Unmapped fields are the keys of attributes and, one level down, of the objects in them.
WITH chosen AS (
    SELECT * EXCLUDE (attributes), attributes AS _attributes,
           time_bucket(to_microseconds($bucket::BIGINT), occurred_at) AS _bucket,
           row_number() OVER () AS _row
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
outer_keys AS (
    SELECT _bucket, _row, key,
           CASE WHEN key IN (SELECT unnest($names::VARCHAR[])) THEN 'attributes.' ELSE '' END || key AS field,
           json_extract(_attributes, '/' || replace(replace(key, '~', '~0'), '/', '~1')) AS value
    FROM (SELECT _bucket, _row, _attributes, unnest(json_keys(_attributes)) AS key FROM chosen)
),
inner_keys AS (
    SELECT _bucket, _row, field || '.' || key AS field,
           json_extract(value, '/' || replace(replace(key, '~', '~0'), '/', '~1')) AS value
    FROM (
        SELECT _bucket, _row, field, value, unnest(json_keys(value)) AS key
        FROM outer_keys WHERE json_type(value) = 'OBJECT'
    )
),
keys_present AS (
    SELECT _bucket, field, count(DISTINCT _row) AS present
    FROM (
        SELECT _bucket, _row, field FROM outer_keys WHERE json_type(value) <> 'NULL'
        UNION ALL
        SELECT _bucket, _row, field FROM inner_keys WHERE json_type(value) <> 'NULL'
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
