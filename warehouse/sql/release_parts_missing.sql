-- Batches of a stream whose versions are not noted.
-- Grain: one batch. $stream.
SELECT batch FROM batches WHERE stream = $stream
  AND batch NOT IN (SELECT batch FROM batches_parted WHERE stream = $stream)
ORDER BY batch
