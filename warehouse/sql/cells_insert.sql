-- Deltas of all metrics of a chunk. Grain: metric x batch x window x rollout x release x arm x segment.
-- Composed in: the table that takes them, and one branch per metric (cells_of_metric).
INSERT INTO {into}cells
{branches}
