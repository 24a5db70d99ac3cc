-- Grain: one bucket x one value of one field (missing and, under _other, all but the most frequent values).
-- $bucket: length in microseconds, weeks begin on Monday; $source: text or NULL for all; $start, $end: half-open span,
-- either may be NULL;
-- $top: how many values are kept apart, the most frequent over the whole span. Current revisions only.
-- Composed in: the event table and the compiled field as text.
WITH chosen AS (
    SELECT time_bucket(to_microseconds($bucket::BIGINT), occurred_at) AS _bucket,
           {value} AS _value
    FROM {events}
    WHERE closed_by IS NULL AND ($source::VARCHAR IS NULL OR source = $source::VARCHAR)
      AND ($start::TIMESTAMPTZ IS NULL OR occurred_at >= $start::TIMESTAMPTZ)
      AND ($end::TIMESTAMPTZ IS NULL OR occurred_at < $end::TIMESTAMPTZ)
),
counted AS (
    SELECT _bucket, _value, count(*) AS rows FROM chosen GROUP BY ALL
),
frequent AS (
    SELECT _value FROM counted WHERE _value IS NOT NULL
    GROUP BY _value ORDER BY sum(rows) DESC, _value LIMIT $top
)
SELECT _bucket, CASE WHEN _other THEN 'other' ELSE _value END AS _shown, sum(rows) AS rows, _other
FROM (SELECT *, _value IS NOT NULL AND _value NOT IN (SELECT _value FROM frequent) AS _other FROM counted)
GROUP BY ALL
ORDER BY _bucket, _other, rows DESC, _shown
