-- Grain: one carrying out of a suite over the rows of batches $first_batch to $last_batch of $stream.
-- $checked_at: UTC; $passed, $failed, $errored, $no_data: numbers of expectations.
INSERT INTO check_runs
VALUES ($stream, $first_batch, $last_batch, $checked_at, $passed, $failed, $errored, $no_data)
