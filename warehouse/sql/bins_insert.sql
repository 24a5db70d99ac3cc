-- Deltas of one histogram over the rows of a chunk. Grain: as cells x bin. Unscored rows are in no bin.
-- $digest: the metric; $window: its length in microseconds.
INSERT INTO bins
SELECT $digest::VARCHAR, _batch,
       to_timestamp((_at - (_at % $window::BIGINT + $window::BIGINT) % $window::BIGINT) / 1000000),
       rollout, release, arm, segment, _bin_{index} AS bin,
       sum(_sign) AS items
FROM summary_items
WHERE _in_{index} AND _bin_{index} IS NOT NULL
GROUP BY ALL
HAVING items <> 0
