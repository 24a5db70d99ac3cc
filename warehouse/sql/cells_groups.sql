-- What a chunk changes in the sums of all metrics with one window length, in one pass over its rows, into the temporary
-- table "summary_groups". Grain: batch x window x rollout x release x arm x segment, numbered. $window: length of a
-- window in microseconds. Integers throughout, exact in any order; values in millionths, times in microseconds since
-- 1970. Composed in: the rows of the chunk, what metrics read from one, what they make of it, the aggregates of that,
-- and these with the sign of the rows, grouped without it.
CREATE OR REPLACE TEMP TABLE summary_groups AS
SELECT row_number() OVER () AS _group, _batch, _window, rollout, release, arm, segment, {signed}
FROM (
    SELECT _batch, _sign, _window, rollout, release, arm, segment, {aggregates}
    FROM (
        SELECT _batch, _sign, {window} AS _window, rollout, coalesce(release, '') AS release, coalesce(arm, '') AS arm,
               coalesce(segment, '') AS segment{columns}
        FROM (SELECT *{reading} FROM ({rows}))
    )
    GROUP BY ALL
)
{grouped}
