-- Grain: one bucket x one field of one stream: how many of the bucket's rows hold a value there.
-- $stream; $bucket: length in microseconds, weeks begin on Monday; $source: text or NULL for all; $start, $end: half-open
-- span; $summed_from, $summed_to: the whole hours in it, of which the sums of ingest are taken; $columns: the stream's
-- columns, $names: those and "attributes"; $most: how many unmapped fields at most, the most frequent ones.
-- Current revisions only.
-- Composed in: the event table, and for each column its name as a literal with the test whether it has a value.
-- Unmapped fields are the keys of attributes and, one level down, of the objects in them. They are looked for once per
-- shape (keys and types, "NULL" for a null): logs have few shapes and many rows.
WITH not_summed AS (
    SELECT * FROM {events} WHERE occurred_at >= $start AND occurred_at < $summed_from
    UNION ALL
    SELECT * FROM {events} WHERE occurred_at >= $summed_to AND occurred_at < $end
    UNION ALL
    SELECT * FROM {events}
    WHERE occurred_at >= $summed_from AND occurred_at < $summed_to AND batch IN (
        SELECT batch FROM batches ANTI JOIN (SELECT batch FROM batches_summed WHERE stream = $stream) USING (batch)
        WHERE stream = $stream)
),
chosen AS (
    SELECT * EXCLUDE (attributes), json_structure(attributes) AS _shape,
           time_bucket(to_microseconds($bucket::BIGINT), occurred_at) AS _bucket
    FROM not_summed
    WHERE closed_by IS NULL AND ($source::VARCHAR IS NULL OR source = $source::VARCHAR)
),
summed AS (
    SELECT time_bucket(to_microseconds($bucket::BIGINT), hour) AS _bucket, field, sum(present) AS present
    FROM field_rows
    WHERE stream = $stream AND hour >= $summed_from AND hour < $summed_to
      AND ($source::VARCHAR IS NULL OR source = $source::VARCHAR)
    GROUP BY ALL
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
    SELECT _bucket, field, sum(_rows) AS present
    FROM (
        SELECT _bucket, _shape, _rows, field FROM outer_keys WHERE value::VARCHAR <> '"NULL"'
        UNION
        SELECT _bucket, _shape, _rows, field FROM inner_keys WHERE value::VARCHAR <> '"NULL"'
    )
    GROUP BY ALL
),
counted AS (
    SELECT _bucket, field, sum(present)::BIGINT AS present
    FROM (
        SELECT _bucket, NULL AS field, count(*) AS present FROM chosen GROUP BY _bucket
        UNION ALL SELECT _bucket, field, present FROM columns_present
        UNION ALL SELECT _bucket, field, present FROM keys_present
        UNION ALL SELECT _bucket, field, present FROM summed
    )
    GROUP BY ALL
),
buckets AS (
    SELECT _bucket, present AS rows FROM counted WHERE field IS NULL AND present > 0
),
frequent AS (
    SELECT field FROM counted
    WHERE field IS NOT NULL AND present > 0 AND field NOT IN (SELECT unnest($columns::VARCHAR[]))
    GROUP BY field ORDER BY sum(present) DESC, field LIMIT $most
),
every AS (
    SELECT unnest($columns::VARCHAR[]) AS field UNION ALL SELECT field FROM frequent
)
SELECT buckets._bucket, every.field, buckets.rows, greatest(coalesce(counted.present, 0), 0)
FROM buckets CROSS JOIN every
LEFT JOIN counted ON counted._bucket = buckets._bucket AND counted.field = every.field
ORDER BY buckets._bucket, every.field
