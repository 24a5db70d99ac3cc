-- The key of every stored id, sorted, with the day of its row (since 1970-01-01 UTC).
-- Grain: one stored row, old revisions included. Composed in: the event table.
SELECT md5_number_lower(event_id) AS key, (epoch_us(occurred_at) // 86_400_000_000)::INTEGER AS day
FROM {events} ORDER BY key
