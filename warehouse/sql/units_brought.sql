-- The sessions that the rows of a chunk belong to, with what those rows come to, into the temporary table
-- "summary_brought". Grain: rollout x session, numbered; _session is missing for the rows that name none. The same name
-- under two rollouts is two sessions. Sessions that lost rows stay as they were counted. _alone: all rows of it in the
-- chunk came with one batch, none superseded another, they lie within $gap, and agree on release, arm and segment: unless
-- it has rows elsewhere, it is one session. Times in microseconds since 1970. $stream: the stream. Composed in: the rows
-- of the chunk, the measures, and for each metric the rows inside it, how many of them are unscored, and the sum of the
-- others in millionths.
CREATE OR REPLACE TEMP TABLE summary_brought AS
SELECT *, CASE WHEN session_id IS NOT NULL THEN row_number() OVER () END AS _session
FROM (
    SELECT rollout, session_id, min(_at) AS _first, max(_at) AS _last, min(_batch) AS _batch,
           min(_batch) = max(_batch) AND min(_sign) = 1 AND max(_at) - min(_at) <= $gap::BIGINT
           AND min(release) = max(release) AND min(arm) = max(arm) AND min(segment) = max(segment) AS _alone,
           min(release) AS release, min(arm) AS arm, min(segment) AS segment, {sums}
    FROM (
        SELECT _batch, _sign, rollout, nullif(session_id, '') AS session_id, coalesce(release, '') AS release,
               coalesce(arm, '') AS arm, coalesce(segment, '') AS segment, epoch_us(occurred_at) AS _at, {measures}
        FROM ({rows}) AS brought
        WHERE NOT EXISTS (
            SELECT 1 FROM sealed_sessions AS sealed
            WHERE sealed.stream = $stream::VARCHAR AND sealed.rollout = brought.rollout
              AND sealed.session_id = brought.session_id
        )
    )
    GROUP BY rollout, session_id
)
