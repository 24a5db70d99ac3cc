-- Deltas of all schemes over one piece of work, from the numpy arrays registered as "profile_counts" (schemes are places
-- in $schemes, from 0) and the cells. Grain: scheme x cell x bin.
-- Composed in: the counts, which are those arrays, or profiles_large where some of them are apart.
INSERT INTO profile_bins
SELECT asked.digest, cells._batch, make_timestamptz(cells._window), cells._rollout, cells._release, cells._arm,
       cells._segment, counts.bin, counts.items, counts.total, counts.squares
FROM {counts} AS counts
JOIN profile_cells AS cells ON cells._cell = counts.cell
JOIN (SELECT unnest($schemes::VARCHAR[]) AS digest, generate_subscripts($schemes::VARCHAR[], 1) - 1 AS place) AS asked
  ON asked.place = counts.scheme
WHERE counts.items <> 0 OR counts.total <> 0 OR counts.squares <> 0
