-- Which batch of the chunk changed which island, into the temporary table "summary_visits". Grain: island x batch.
-- $batches: numbers of the chunk.
CREATE OR REPLACE TEMP TABLE summary_visits AS
SELECT DISTINCT _session, _island, _batch
FROM (
    SELECT _session, _island, batch AS _batch FROM summary_sessions
    UNION ALL
    SELECT _session, _island, closed_by FROM summary_sessions
)
WHERE _batch IN (SELECT unnest($batches::BIGINT[]))
