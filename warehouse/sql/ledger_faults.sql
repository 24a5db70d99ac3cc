-- What went wrong with a source, newest first. Grain: one poll that found it not complete, or one batch of which the rest
-- could not be read. $source; $limit.
SELECT noticed_at, what, detail FROM (
    SELECT polled_at AS noticed_at, 'poll' AS what, degraded AS detail FROM polls
    WHERE source = $source AND degraded IS NOT NULL
    UNION ALL
    SELECT arrived_at, 'batch ' || batch, error FROM batches WHERE source = $source AND error IS NOT NULL
)
ORDER BY noticed_at DESC, what LIMIT $limit
