-- Grain: one run of $rollout, in order of time.
SELECT at_time, valid_until, standing, stage, reason, binding FROM standings WHERE rollout = $rollout ORDER BY at_time
