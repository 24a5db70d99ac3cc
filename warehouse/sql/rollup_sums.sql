-- Sums of one metric. Grain: window x key of "rollup_keys". Parameters as rollup_keys; $width: length of a window in
-- microseconds; at: number of the window from $start. Sums in millionths are split into limbs of 40 bits, the lowest
-- first, the highest with the sign: each fits 64 bits, and so does a sum of millions of them.
SELECT (epoch_us(window_start) - epoch_us($start)) // $width::BIGINT AS at, _key,
       sum(items)::BIGINT AS items, sum(unscored)::BIGINT AS unscored,
       ((sum(total) % {limb} + {limb}) % {limb})::BIGINT AS total_0,
       ((sum(total) - (sum(total) % {limb} + {limb}) % {limb}) // {limb})::BIGINT AS total_1,
       (sum(total_squares) % {limb})::BIGINT AS squares_0,
       (sum(total_squares) // {limb} % {limb})::BIGINT AS squares_1,
       (sum(total_squares) // {limb} // {limb})::BIGINT AS squares_2
FROM cells JOIN rollup_keys USING (rollout, release, arm, segment)
WHERE metric_digest = $digest AND window_start >= $start AND window_start < $end
  AND ($through::BIGINT IS NULL OR batch <= $through::BIGINT)
GROUP BY ALL
