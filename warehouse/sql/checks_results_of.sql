-- Grain: one expectation in the carrying out of the suite of $stream at $checked_at through batch $last_batch.
SELECT name, state, severity, owner, observed, expected, unexpected, rows
FROM check_results
WHERE stream = $stream AND last_batch = $last_batch AND checked_at = $checked_at
ORDER BY name
