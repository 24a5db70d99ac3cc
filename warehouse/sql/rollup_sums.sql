-- Sums of some metrics. Grain: metric (its place in $digests) x window x key of "rollup_keys". Parameters as rollup_keys; $width: length of a window in
-- microseconds; window: its number from $start. Sums in millionths are split into limbs of 40 bits, the lowest
-- first, the highest with the sign: each fits 64 bits, and so does a sum of millions of them.
SELECT asked.metric, (epoch_us(window_start) - epoch_us($start)) // $width::BIGINT AS "window", _key,
       sum(items)::BIGINT AS items, sum(unscored)::BIGINT AS unscored,
       ((sum(total) % {limb} + {limb}) % {limb})::BIGINT AS total_0,
       ((sum(total) - (sum(total) % {limb} + {limb}) % {limb}) // {limb})::BIGINT AS total_1,
       (sum(total_squares) % {limb})::BIGINT AS squares_0,
       (sum(total_squares) // {limb} % {limb})::BIGINT AS squares_1,
       (sum(total_squares) // {limb} // {limb})::BIGINT AS squares_2
FROM cells
JOIN rollup_keys USING (rollout, release, arm, segment)
JOIN (SELECT unnest($digests::VARCHAR[]) AS metric_digest, unnest(range(len($digests::VARCHAR[]))) AS metric) AS asked
  USING (metric_digest)
WHERE window_start >= $start AND window_start < $end
  AND ($through::BIGINT IS NULL OR batch <= $through::BIGINT)
GROUP BY ALL
