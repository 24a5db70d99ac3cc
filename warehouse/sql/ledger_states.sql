-- Where each source stands.
-- Grain: one source that was ever polled. Counts in rows of batches with $since < arrived_at <= $until; state as of
-- $until (UTC). NULL for no bound.
WITH known_polls AS (
    SELECT *, row_number() OVER (PARTITION BY source ORDER BY polled_at DESC, rowid DESC) AS age FROM polls
    WHERE $until::TIMESTAMPTZ IS NULL OR polled_at <= $until
),
last_polls AS (
    SELECT source, any_value(stream) FILTER (age = 1) AS stream, max(polled_at) AS polled_at,
           max_by(polled_at - to_seconds(lateness_seconds), polled_at) FILTER (degraded IS NULL) AS watermark,
           any_value(degraded) FILTER (age = 1) AS degraded
    FROM known_polls GROUP BY source
),
known_batches AS (
    SELECT * FROM batches WHERE $until::TIMESTAMPTZ IS NULL OR arrived_at <= $until
),
newest AS (
    SELECT source, max(last_at) AS newest_at FROM known_batches GROUP BY source
),
brought AS (
    SELECT source, sum(received)::BIGINT AS received, sum(accepted)::BIGINT AS accepted,
           sum(duplicate)::BIGINT AS duplicate, sum(restated)::BIGINT AS restated,
           sum(quarantined)::BIGINT AS quarantined, sum(late)::BIGINT AS late
    FROM known_batches WHERE $since::TIMESTAMPTZ IS NULL OR arrived_at > $since GROUP BY source
)
SELECT source, stream, polled_at, watermark, newest_at, degraded,
       coalesce(received, 0) AS received, coalesce(accepted, 0) AS accepted, coalesce(duplicate, 0) AS duplicate,
       coalesce(restated, 0) AS restated, coalesce(quarantined, 0) AS quarantined, coalesce(late, 0) AS late
FROM last_polls LEFT JOIN newest USING (source) LEFT JOIN brought USING (source)
ORDER BY source
