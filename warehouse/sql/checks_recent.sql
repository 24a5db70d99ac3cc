-- Grain: one carrying out of the suite of $stream, newest first, $most at most.
SELECT stream, first_batch, last_batch, checked_at, passed, failed, errored, no_data
FROM check_runs WHERE stream = $stream ORDER BY checked_at DESC, last_batch DESC LIMIT $most
