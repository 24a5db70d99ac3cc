-- What every gate of a rollout said in every run within [$start, $end). Grain: gate x run, in order of time and gate.
SELECT gate, at_time, outcome
FROM verdicts
WHERE rollout = $rollout AND at_time >= $start AND at_time < $end
ORDER BY at_time, gate
