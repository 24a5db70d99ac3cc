-- Grain: scheme (its place in $schemes, from 0) x bin, summed over the windows that start in the half-open span
-- [$start, $end) of one slice. $schemes: texts; $through: batches up to it (NULL: all).
-- Composed in: the scope, and the sums total and squares; those that do not fit their type are NULL.
SELECT place, bin, sum(items)::BIGINT AS items, {sums}
FROM profile_bins
JOIN (SELECT unnest($schemes::VARCHAR[]) AS scheme, generate_subscripts($schemes::VARCHAR[], 1) - 1 AS place)
USING (scheme)
WHERE window_start >= $start::TIMESTAMPTZ AND window_start < $end::TIMESTAMPTZ
  AND ($through::BIGINT IS NULL OR batch <= $through::BIGINT) AND {scope}
GROUP BY place, bin
