-- Fragment: deltas of one metric out of "summary_groups"; what a chunk does not change is left out. Composed in: the
-- metric's digest (a parameter) and its sums.
SELECT {digest}::VARCHAR, _batch, make_timestamptz(_window), rollout, release, arm, segment,
       {items} AS items, {items} - {scored} AS unscored, {total} AS total, {squares} AS total_squares
FROM summary_groups
WHERE {items} <> 0 OR {items} <> {scored} OR {total} <> 0 OR {squares} <> 0
