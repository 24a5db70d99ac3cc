-- Deltas of all histograms of a chunk. Grain: metric x batch x window x rollout x release x arm x segment x bin.
-- Composed in: the table that takes them, and one branch per histogram (bins_of_rows, bins_of_groups).
INSERT INTO {into}bins
{branches}
