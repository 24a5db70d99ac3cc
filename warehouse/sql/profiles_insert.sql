-- Deltas of all schemes over one piece of work, from the numpy arrays registered as "profile_counts" (schemes are places
-- in $schemes) and the cells. Grain: scheme x cell x bin.
INSERT INTO profile_bins
SELECT ($schemes::VARCHAR[])[counts.scheme + 1], cells._batch, make_timestamptz(cells._window), cells._rollout,
       cells._release, cells._arm, cells._segment, counts.bin, sum(counts.items) AS items,
       sum(counts.total), sum(counts.squares)
FROM (
    SELECT scheme, cell, bin, items, total::HUGEINT AS total, squares::HUGEINT AS squares FROM profile_counts
    UNION ALL
    SELECT unnest($large_scheme::INTEGER[]), unnest($large_cell::INTEGER[]), unnest($large_bin::INTEGER[]),
           unnest($large_items::BIGINT[]), unnest($large_total::HUGEINT[]), unnest($large_squares::HUGEINT[])
) AS counts
JOIN profile_cells AS cells ON cells._cell = counts.cell
GROUP BY ALL
HAVING sum(counts.items) <> 0 OR sum(counts.total) <> 0 OR sum(counts.squares) <> 0
