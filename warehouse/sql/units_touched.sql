-- The sessions that the rows of a chunk belong to, numbered, into the temporary table "summary_touched", with the first
-- and last time of those rows in microseconds since 1970. Grain: rollout x session; _session is missing for the rows that
-- name none. The same name under two rollouts is two sessions. Sessions that lost rows stay as they were counted.
-- $stream: the stream. Composed in: the rows of the chunk.
CREATE OR REPLACE TEMP TABLE summary_touched AS
SELECT rollout, session_id, CASE WHEN session_id IS NOT NULL THEN row_number() OVER () END AS _session, _first, _last
FROM (
    SELECT rollout, nullif(session_id, '') AS session_id, min(epoch_us(occurred_at)) AS _first,
           max(epoch_us(occurred_at)) AS _last
    FROM ({rows}) AS brought
    WHERE NOT EXISTS (
        SELECT 1 FROM sealed_sessions AS sealed
        WHERE sealed.stream = $stream::VARCHAR AND sealed.rollout = brought.rollout
          AND sealed.session_id = brought.session_id
    )
    GROUP BY ALL
)
