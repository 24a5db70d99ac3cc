-- The keys of the ids of the file's readable rows, sorted.
-- Grain: one id.
SELECT DISTINCT md5_number_lower(event_id) AS key FROM readable ORDER BY key
