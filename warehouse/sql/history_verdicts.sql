-- Grain: one run of gate $gate of $rollout, in order of time; estimate in the metric's unit.
SELECT at_time, outcome, estimate, units, release FROM verdicts WHERE rollout = $rollout AND gate = $gate ORDER BY at_time
