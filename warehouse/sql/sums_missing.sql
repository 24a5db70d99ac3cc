-- Batches of a stream whose rows are not summed.
-- Grain: one batch. $stream.
SELECT batch FROM batches WHERE stream = $stream
  AND batch NOT IN (SELECT batch FROM batches_summed WHERE stream = $stream)
ORDER BY batch
