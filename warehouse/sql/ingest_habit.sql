-- Whether a file may be expected to hold new rows alone: the last batches of its source did, but for a few that could not
-- be read, and no batch came from a file of that name, unless only what was added to it is read.
-- Grain: one line. $source, $file; $added: whether only what was added is read.
SELECT coalesce(sum(duplicate + restated) = 0 AND sum(quarantined) <= 0.05 * sum(received), true)
   AND ($added OR NOT EXISTS (FROM batches WHERE source = $source AND file = $file))
FROM (SELECT * FROM batches WHERE source = $source ORDER BY batch DESC LIMIT 10)
