-- What sources brought for each window of occurrence.
-- Grain: source x window. $stream, $source: NULL for all; $start <= window_start < $end (UTC); $through_batch: as known
-- after that batch, NULL for now.
SELECT source, stream, window_start, sum(accepted)::BIGINT AS accepted, sum(restated)::BIGINT AS restated,
       sum(late)::BIGINT AS late
FROM window_counts
WHERE ($stream::VARCHAR IS NULL OR stream = $stream) AND ($source::VARCHAR IS NULL OR source = $source)
  AND window_start >= $start AND window_start < $end
  AND ($through_batch::BIGINT IS NULL OR batch <= $through_batch)
GROUP BY source, stream, window_start ORDER BY source, window_start
