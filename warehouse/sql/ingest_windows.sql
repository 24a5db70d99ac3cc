-- What the file brought for each window of occurrence.
-- Grain: one window, aligned to 1970-01-01 UTC. $batch, $source, $stream; $width: length of a window in microseconds;
-- $watermark: time up to which the source was complete before, NULL when it was never polled.
INSERT INTO window_counts BY NAME
SELECT $batch AS batch, $source AS source, $stream AS stream,
       make_timestamptz(epoch_us(occurred_at) // $width * $width) AS window_start,
       count(*) FILTER (fate = 'accepted') AS accepted,
       count(*) FILTER (fate = 'restated') AS restated,
       count(*) FILTER (fate = 'accepted' AND occurred_at < $watermark::TIMESTAMPTZ) AS late
FROM fates
WHERE fate <> 'duplicate'
GROUP BY ALL ORDER BY ALL
