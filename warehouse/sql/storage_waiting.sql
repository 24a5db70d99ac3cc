-- When something was first removed after the file was last written anew (UTC); NULL when nothing was.
WITH written AS (SELECT coalesce(max(at_time), TIMESTAMPTZ '1970-01-01 00:00:00+00') AS at_time FROM rewritings)
SELECT min(removed.at_time)
FROM (
    SELECT at_time FROM retention_log WHERE what IN ('raw_text', 'quarantine_text', 'events', 'quarantine')
    UNION ALL
    SELECT at_time FROM erasures
) AS removed, written
WHERE removed.at_time > written.at_time
