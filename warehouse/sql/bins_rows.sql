-- The bin that each histogram puts each row of a chunk in, into the temporary table "summary_bins". Grain: row x batch
-- that changed it. _group: its group in "summary_groups". A bin is missing where the row is outside or unscored.
-- $window: length of a window in microseconds. Composed in: the rows of the chunk, what histograms read from one, and
-- for each its number where it counts, the cut point next to it, and the bin.
CREATE OR REPLACE TEMP TABLE summary_bins AS
SELECT _group::INTEGER AS _group, _sign, {places}
FROM (
    SELECT *, {nearest}
    FROM (
        SELECT _batch, _sign, {window} AS _window, rollout, coalesce(release, '') AS release, coalesce(arm, '') AS arm,
               coalesce(segment, '') AS segment, {valued}
        FROM (SELECT *{reading} FROM ({rows}))
    )
)
JOIN summary_groups USING (_batch, _window, rollout, release, arm, segment)
