-- Deltas of one histogram over the rows of a chunk. Grain: as cells x bin. Unscored rows are in no bin.
-- $digest: the metric. Composed in: the table that takes them, the column of bins, and the sum of signs.
INSERT INTO {into}bins
SELECT $digest::VARCHAR, _batch, make_timestamptz(_window), rollout, release, arm, segment, bin, items
FROM (
    SELECT _group, {place}::INTEGER AS bin, {items} AS items
    FROM summary_bins
    WHERE {place} IS NOT NULL
    GROUP BY ALL
    HAVING items <> 0
)
JOIN summary_groups USING (_group)
