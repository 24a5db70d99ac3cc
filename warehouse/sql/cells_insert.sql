-- Deltas of one metric over the rows of a chunk. Grain: batch x window x rollout x release x arm x segment.
-- $digest: the metric; $window: its length in microseconds. Sums are integers, exact in any order.
INSERT INTO cells
SELECT $digest::VARCHAR, _batch,
       to_timestamp((_at - (_at % $window::BIGINT + $window::BIGINT) % $window::BIGINT) / 1000000),
       rollout, release, arm, segment,
       sum(_sign) AS items,
       coalesce(sum(_sign) FILTER (WHERE _value_{index} IS NULL), 0) AS unscored,
       coalesce(sum(_sign * _value_{index}::HUGEINT), 0) AS total,
       coalesce(sum(_sign * _value_{index}::HUGEINT * _value_{index}::HUGEINT), 0) AS total_squares
FROM summary_items
WHERE _in_{index}
GROUP BY ALL
HAVING items <> 0 OR unscored <> 0 OR total <> 0 OR total_squares <> 0
