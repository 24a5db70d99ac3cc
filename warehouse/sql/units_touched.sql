-- Those of the sessions in "summary_brought" that have to be looked at as a whole: they are not alone in the chunk, or have
-- rows elsewhere that may belong to them. Into the temporary table "summary_touched". Grain: rollout x session.
-- $first, $last: smallest and largest batch of the chunk; $low, $high: first and last time, in microseconds since 1970,
-- at which such rows can lie. Composed in: the event table (a checked name), and which batches between the two are meant.
CREATE OR REPLACE TEMP TABLE summary_touched AS
SELECT rollout, session_id, _session, _first, _last
FROM summary_brought
WHERE session_id IS NOT NULL AND (NOT _alone OR _session IN (
    SELECT known._session
    FROM {events} AS event JOIN summary_brought AS known USING (rollout, session_id)
    WHERE event.occurred_at BETWEEN make_timestamptz($low::BIGINT) AND make_timestamptz($high::BIGINT)
      AND NOT (event.batch BETWEEN $first::BIGINT AND $last::BIGINT AND {brought})
))
