-- Grain: scheme x bin, summed over the windows that start in the half-open span [$start, $end) of one slice.
-- $schemes: texts; $through: batches up to it (NULL: all).
SELECT scheme, bin, sum(items)::BIGINT, sum(total), sum(total_squares)
FROM profile_bins
WHERE scheme IN (SELECT unnest($schemes::VARCHAR[])) AND window_start >= $start::TIMESTAMPTZ
  AND window_start < $end::TIMESTAMPTZ AND ($through::BIGINT IS NULL OR batch <= $through::BIGINT) AND {scope}
GROUP BY scheme, bin
ORDER BY scheme, bin
