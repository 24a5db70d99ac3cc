-- The events of which some revision has one of the values. Grain: event. $values. Composed in: the event table and the
-- column (checked identifiers).
SELECT DISTINCT event_id FROM {events} WHERE {column}::VARCHAR IN (SELECT unnest($values::VARCHAR[])) ORDER BY event_id
