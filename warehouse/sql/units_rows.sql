-- All revisions of the touched sessions' rows within [$low, $high], into the temporary table "summary_sessions".
-- Grain: row x revision. An island is a run of rows without a gap above $gap; whatever is known as of some batch, a
-- session lies within one island, so that untouched islands need no second look. Times in microseconds since 1970.
CREATE OR REPLACE TEMP TABLE summary_sessions AS
SELECT *, count(*) FILTER (_new) OVER (PARTITION BY _session ORDER BY _at, event_id, batch) AS _island
FROM (
    SELECT *, coalesce(_at - lag(_at) OVER (PARTITION BY _session ORDER BY _at, event_id, batch) > $gap::BIGINT, true)
              AS _new
    FROM (
        SELECT batch, closed_by, event_id, _session, rollout, coalesce(release, '') AS release,
               coalesce(arm, '') AS arm, coalesce(segment, '') AS segment, epoch_us(occurred_at) AS _at,
               {measures}
        FROM {events} JOIN summary_touched USING (rollout, session_id)
        WHERE occurred_at BETWEEN make_timestamptz($low::BIGINT) AND make_timestamptz($high::BIGINT)
    )
)
