-- Fragment: known rows of a rollout in batches whose versions are not noted. $stream, $rollout, $through.
    rollout = $rollout AND {known} AND batch IN (
        SELECT batch FROM batches ANTI JOIN (SELECT batch FROM batches_parted WHERE stream = $stream) USING (batch)
        WHERE stream = $stream)
