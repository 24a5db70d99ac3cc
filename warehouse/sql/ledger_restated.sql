-- Windows whose rows were restated after a batch: those of the old values and those of the new ones.
-- Grain: rollout x release x window, aligned to 1970-01-01 UTC. $after_batch; $width: length of a window in
-- microseconds. Composed in: the event table (checked identifier). A missing release is ''.
SELECT DISTINCT rollout, coalesce(release, '') AS release,
       make_timestamptz(epoch_us(occurred_at) // $width * $width) AS window_start
FROM {events}
WHERE closed_by > $after_batch OR (revision > 1 AND batch > $after_batch)
ORDER BY ALL
