-- Grain: one release ('' for none named) of one rollout in one stream. $rollout, $stream: text; $through: batch or NULL.
-- Of the candidate arm, or of no arm: what answers the control traffic is not what is being rolled out.
-- Rows are read only of batches that are not summed.
WITH counted AS (
    SELECT release, arm, first_at, last_at, rows FROM batch_rows
    WHERE stream = $stream AND rollout = $rollout AND {known}
    UNION ALL
    SELECT coalesce(release, ''), coalesce(arm, ''), min(occurred_at), max(occurred_at), count(*)
    FROM {events}
    WHERE rollout = $rollout AND {known} AND batch IN (
        SELECT batch FROM batches ANTI JOIN (SELECT batch FROM batches_summed WHERE stream = $stream) USING (batch)
        WHERE stream = $stream)
    GROUP BY ALL
)
SELECT release, min(first_at), max(last_at), sum(rows)::BIGINT FROM counted WHERE arm IN ('', 'candidate') GROUP BY release
