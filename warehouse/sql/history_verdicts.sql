-- Grain: one run of gate $gate ("rollout/name"), in order of time; estimate in the metric's unit.
SELECT at_time, outcome, estimate, units, release FROM verdicts WHERE gate = $gate ORDER BY at_time
