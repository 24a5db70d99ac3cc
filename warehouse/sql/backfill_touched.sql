-- Which batch changed which window of a stream. Grain: batch x window, in order of both. $start, $end: half-open span of
-- occurrence; $width: length of a window in microseconds; $sources: names, NULL for all; $through: newest batch (NULL:
-- all). rows: those that the batch brought; restated: those of them that changed an earlier row, or earlier rows that it
-- changed. Composed in: the event table (a checked name).
SELECT batch, make_timestamptz(_window) AS window_start, sum(brought)::BIGINT AS rows, sum(changed)::BIGINT AS restated
FROM (
    SELECT batch, epoch_us(occurred_at) // $width::BIGINT * $width::BIGINT AS _window, 1 AS brought,
           (revision > 1)::INTEGER AS changed
    FROM {events}
    WHERE occurred_at >= $start AND occurred_at < $end
    UNION ALL
    SELECT closed_by, epoch_us(occurred_at) // $width::BIGINT * $width::BIGINT, 0, 1
    FROM {events}
    WHERE closed_by IS NOT NULL AND occurred_at >= $start AND occurred_at < $end
)
JOIN batches USING (batch)
WHERE ($sources::VARCHAR[] IS NULL OR list_contains($sources::VARCHAR[], source))
  AND ($through::BIGINT IS NULL OR batch <= $through::BIGINT)
GROUP BY ALL
ORDER BY ALL
