-- Runs of gate $gate of $rollout after $after and up to $until (UTC; NULL: no bound), in order of time, at most $limit.
-- Grain: one run; estimate in the metric's unit.
SELECT at_time, outcome, estimate, units, release FROM verdicts
WHERE rollout = $rollout AND gate = $gate
  AND ($after::TIMESTAMPTZ IS NULL OR at_time > $after) AND ($until::TIMESTAMPTZ IS NULL OR at_time <= $until)
ORDER BY at_time LIMIT $limit
