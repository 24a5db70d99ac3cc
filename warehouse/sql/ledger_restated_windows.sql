-- Windows that batches restated rows of. Grain: batch x window with a restated row, in order, at most $most windows of a
-- batch; $batches: which. Times in UTC.
SELECT batch, window_start, restated, count(*) OVER (PARTITION BY batch) AS windows
FROM window_counts WHERE batch IN (SELECT unnest($batches::BIGINT[])) AND restated > 0
QUALIFY row_number() OVER (PARTITION BY batch ORDER BY window_start) <= $most
ORDER BY batch, window_start
