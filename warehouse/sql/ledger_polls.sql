-- The newest polls of a source, newest first, and up to where it was complete after each. Grain: one poll. $source;
-- $limit. Times in UTC; watermark NULL before the first poll without a fault.
SELECT polled_at, batches, degraded,
       max(CASE WHEN degraded IS NULL THEN polled_at - to_seconds(lateness_seconds) END)
           OVER (ORDER BY polled_at, rowid ROWS UNBOUNDED PRECEDING) AS watermark
FROM polls WHERE source = $source
ORDER BY polled_at DESC, rowid DESC LIMIT $limit
