-- What people are shown of chosen rows: of every column at most $most characters, and the length of the whole.
-- Grain: event. $batch; $ids: events. Composed in: the event table and the columns (checked identifiers).
SELECT event_id, [{texts}] AS texts, [{lengths}] AS lengths
FROM {events}
WHERE batch = $batch AND revision = 1 AND event_id IN (SELECT unnest($ids::VARCHAR[]))
ORDER BY event_id
