-- Rows that the batches of one chunk brought (_sign 1) or superseded (_sign -1), with what each metric makes of them,
-- into the temporary table "summary_items". Grain: row x batch that changed it. Values in millionths, times in
-- microseconds since 1970. $first, $last: smallest and largest batch of the chunk, which let row groups be skipped.
-- Composed in: the event table (a checked name) and the measures; every value is bound. No column of a stream begins
-- with an underscore. A row brought and superseded by the same batch was never known, and changes nothing.
CREATE OR REPLACE TEMP TABLE summary_items AS
SELECT _batch, _sign, rollout, coalesce(release, '') AS release, coalesce(arm, '') AS arm,
       coalesce(segment, '') AS segment, nullif(session_id, '') AS session_id, epoch_us(occurred_at) AS _at,
       {measures}
FROM (
    SELECT batch AS _batch, 1 AS _sign, *
    FROM {events}
    WHERE batch BETWEEN $first::BIGINT AND $last::BIGINT AND closed_by IS DISTINCT FROM batch
    UNION ALL
    SELECT closed_by AS _batch, -1 AS _sign, *
    FROM {events}
    WHERE closed_by BETWEEN $first::BIGINT AND $last::BIGINT AND closed_by <> batch
)
WHERE _batch IN (SELECT batch FROM summary_batches)
