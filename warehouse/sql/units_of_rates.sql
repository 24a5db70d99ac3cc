-- Fragment: units of one rate whose rows are units by themselves, out of "summary_groups". Grain: as cells x value.
-- Composed in: the metric's digest (a parameter), the ends of the value in millionths, whether it is scored, and how many.
SELECT {digest}::VARCHAR, _batch, make_timestamptz(_window), rollout, release, arm, segment,
       {low}, {high}, {scored}, {units}
FROM summary_groups
WHERE {units} <> 0
