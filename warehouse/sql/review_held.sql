-- Which of some events a stream holds. Grain: event. $ids: their ids. Composed in: the event table (a checked identifier).
SELECT DISTINCT event_id FROM {events} WHERE event_id IN (SELECT unnest($ids::VARCHAR[])) ORDER BY event_id
