-- Grain: scheme x span (`place`: the scheme's place in $schemes, from 0, times $number plus the span's) x bin, summed over
-- the windows that start in the half-open span [$start, $end) of one slice. $schemes: texts. Spans have the length
-- $length (microseconds) and are counted from 0 backwards from $end, $number of them.
-- Composed in: the scope, and the sums total and squares; those that do not fit their type are NULL.
SELECT scheme_place * $number::BIGINT + (epoch_us($end::TIMESTAMPTZ) - epoch_us(window_start) - 1) // $length::BIGINT
       AS place, bin, sum(items)::BIGINT AS items, {sums}
FROM profile_bins
JOIN (SELECT unnest($schemes::VARCHAR[]) AS scheme, generate_subscripts($schemes::VARCHAR[], 1) - 1 AS scheme_place)
USING (scheme)
WHERE window_start >= $start::TIMESTAMPTZ AND window_start < $end::TIMESTAMPTZ AND {scope}
GROUP BY place, bin
