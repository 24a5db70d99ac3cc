-- The time up to which a source is complete: its last successful poll minus lateness; NULL when there was none.
-- Grain: one line. $source.
SELECT max_by(polled_at - to_seconds(lateness_seconds), polled_at) FROM polls
WHERE source = $source AND degraded IS NULL
