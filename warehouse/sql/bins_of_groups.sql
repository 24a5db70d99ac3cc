-- Fragment: deltas of a histogram without cut points, whose one bin holds all scored rows. Composed in: the metric's
-- digest (a parameter), and the count of its scored rows in "summary_groups".
SELECT {digest}::VARCHAR, _batch, make_timestamptz(_window), rollout, release, arm, segment, 0, {items}
FROM summary_groups
WHERE {items} <> 0
