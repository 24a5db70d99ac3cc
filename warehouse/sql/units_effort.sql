-- How many rows have to be put in order to see each visited island before and after each of its batches.
SELECT coalesce(sum(2 * island.rows), 0)
FROM summary_visits JOIN (
    SELECT _session, _island, count(*) AS rows FROM summary_sessions GROUP BY _session, _island
) AS island USING (_session, _island)
