-- Whether any row of one rollout was generated. $rollout, $stream: text; $through: batch or NULL.
-- Rows are read only of batches that are not summed.
SELECT EXISTS (
    SELECT 1 FROM batch_rows WHERE stream = $stream AND rollout = $rollout AND simulated AND {known}
) OR EXISTS (
    SELECT 1 FROM {events} WHERE rollout = $rollout AND simulated AND {known} AND batch IN (
        SELECT batch FROM batches ANTI JOIN (SELECT batch FROM batches_summed WHERE stream = $stream) USING (batch)
        WHERE stream = $stream)
)
