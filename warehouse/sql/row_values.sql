-- What metrics make of each current row of one stream. Grain: row. Values in millionths.
-- Composed in: for each metric whether the row is inside it, and its value (`warehouse.measures`).
SELECT event_id, {columns}
FROM (SELECT event_id, {measures} FROM {events} WHERE closed_by IS NULL)
ORDER BY event_id
