-- Grain: one row: the newest batch of $stream whose rows were checked; 0 before the first.
SELECT coalesce(max(last_batch), 0) FROM check_runs WHERE stream = $stream
