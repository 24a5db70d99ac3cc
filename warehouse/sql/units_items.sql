-- The rows of a chunk that are units by themselves, with what each metric makes of them, into the temporary table
-- "summary_items". Grain: row x batch that changed it. Values in millionths, times in microseconds since 1970. Composed
-- in: the rows of the chunk, which of them (all, or only those that name no session), and the measures.
CREATE OR REPLACE TEMP TABLE summary_items AS
SELECT _batch, _sign, rollout, coalesce(release, '') AS release, coalesce(arm, '') AS arm,
       coalesce(segment, '') AS segment, epoch_us(occurred_at) AS _at, {measures}
FROM ({rows})
WHERE {which}
