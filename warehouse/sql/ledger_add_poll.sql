-- Adds one poll of one source. $lateness_seconds: how long after a moment its rows may still arrive;
-- $batches: new batches it brought; $degraded: why it failed, NULL when it did not.
INSERT INTO polls BY NAME
SELECT $source AS source, $stream AS stream, $polled_at AS polled_at, $lateness_seconds AS lateness_seconds,
       $batches AS batches, $degraded::VARCHAR AS degraded
