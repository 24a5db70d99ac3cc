-- Which rows belong to a part, into the temporary table "part_home". Grain: one row of the part (batch x position);
-- _last: the newest row of its island. An island is a run of a session's rows, all revisions, without a gap above $gap;
-- it belongs to the part in which it begins. Rows without a session belong where they occurred.
-- $start, $end: half-open span of the part; $seen: up to where rows were read; all in microseconds since 1970.
-- Composed in: the rows.
CREATE OR REPLACE TEMP TABLE part_home AS
WITH near AS (
    SELECT batch, position, event_id, rollout, nullif(session_id, '') AS session_id, epoch_us(occurred_at) AS _at
    FROM ({rows})
    WHERE occurred_at >= make_timestamptz($start::BIGINT - $gap::BIGINT) AND occurred_at < make_timestamptz($seen::BIGINT)
),
stepped AS (
    SELECT *, coalesce(_at - lag(_at) OVER session_rows > $gap::BIGINT, true) AS _new
    FROM near WHERE session_id IS NOT NULL
    WINDOW session_rows AS (PARTITION BY rollout, session_id ORDER BY _at, event_id, batch, position)
),
numbered AS (
    SELECT *, count(*) FILTER (_new) OVER session_rows AS _island
    FROM stepped
    WINDOW session_rows AS (PARTITION BY rollout, session_id ORDER BY _at, event_id, batch, position)
),
placed AS (
    SELECT batch, position, min(_at) OVER island AS _first, max(_at) OVER island AS _last
    FROM numbered
    WINDOW island AS (PARTITION BY rollout, session_id, _island)
)
SELECT batch, position, _last FROM placed WHERE _first >= $start::BIGINT AND _first < $end::BIGINT
UNION ALL
SELECT batch, position, NULL FROM near WHERE session_id IS NULL AND _at >= $start::BIGINT AND _at < $end::BIGINT
