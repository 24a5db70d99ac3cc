-- The keys of the rows that the file brings in, sorted, with the day of each (since 1970-01-01 UTC).
-- Grain: one row that is let in.
SELECT md5_number_lower(event_id) AS key, (epoch_us(occurred_at) // 86_400_000_000)::INTEGER AS day
FROM fates WHERE fate <> 'duplicate' ORDER BY key
