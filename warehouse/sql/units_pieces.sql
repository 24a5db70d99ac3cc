-- Sessions as they were before (_sign -1) and after (_sign 1) each batch that changed them, into the temporary table
-- "summary_pieces". Grain: session x batch x sign. A session ends where the next row is more than $gap later, closes
-- $gap after its last row, and has the release, arm and segment of its first row. Times in microseconds since 1970.
-- Composed in: for each metric the rows inside it, how many of them are unscored, and the sum of the others in millionths.
CREATE OR REPLACE TEMP TABLE summary_pieces AS
WITH known AS (
    SELECT visit._batch, 1 AS _sign, seen.*
    FROM summary_sessions AS seen JOIN summary_visits AS visit USING (_session, _island)
    WHERE seen.batch <= visit._batch AND (seen.closed_by IS NULL OR seen.closed_by > visit._batch)
    UNION ALL
    SELECT visit._batch, -1 AS _sign, seen.*
    FROM summary_sessions AS seen JOIN summary_visits AS visit USING (_session, _island)
    WHERE seen.batch < visit._batch AND (seen.closed_by IS NULL OR seen.closed_by >= visit._batch)
),
stepped AS (
    SELECT * EXCLUDE (_new), coalesce(_at - lag(_at) OVER session_rows > $gap::BIGINT, true) AS _new
    FROM known
    WINDOW session_rows AS (PARTITION BY _session, _island, _batch, _sign ORDER BY _at, event_id)
),
numbered AS (
    SELECT *, count(*) FILTER (_new) OVER session_rows AS _piece
    FROM stepped
    WINDOW session_rows AS (PARTITION BY _session, _island, _batch, _sign ORDER BY _at, event_id)
)
SELECT _batch, _sign, max(_at) + $gap::BIGINT AS _at, any_value(rollout) AS rollout,
       any_value(release) FILTER (_new) AS release, any_value(arm) FILTER (_new) AS arm,
       any_value(segment) FILTER (_new) AS segment, {sums}
FROM numbered
GROUP BY _session, _island, _batch, _sign, _piece
