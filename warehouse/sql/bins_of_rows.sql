-- Fragment: deltas of one histogram out of "summary_bins". Unscored rows are in no bin. Composed in: the metric's digest
-- (a parameter), its column of bins, and the sum of signs.
SELECT {digest}::VARCHAR, _batch, make_timestamptz(_window), rollout, release, arm, segment, bin, items
FROM (
    SELECT _group, {place}::INTEGER AS bin, {items} AS items
    FROM summary_bins
    WHERE {place} IS NOT NULL
    GROUP BY ALL
    HAVING items <> 0
)
JOIN summary_groups USING (_group)
