-- Windows whose rows were restated after a batch: those of the old values and those of the new ones, each with the
-- newest batch that restated a row of it. Grain: rollout x release x window, aligned to 1970-01-01 UTC. $after_batch; $width: length of a window in
-- microseconds. Composed in: the event table (checked identifier). A missing release is ''.
SELECT rollout, coalesce(release, '') AS release,
       make_timestamptz(epoch_us(occurred_at) // $width * $width) AS window_start,
       max(greatest(coalesce(closed_by, 0), CASE WHEN revision > 1 THEN batch ELSE 0 END)) AS restated_by
FROM {events}
WHERE closed_by > $after_batch OR (revision > 1 AND batch > $after_batch)
GROUP BY ALL
ORDER BY ALL
