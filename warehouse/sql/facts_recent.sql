-- Newest rows of one slice that meet a condition, within the half-open span [$start, $end). $limit: most rows.
-- Composed in: the event table, its columns and the compiled condition. $through: batch or NULL.
SELECT {columns}
FROM {events}
WHERE occurred_at >= $start AND occurred_at < $end AND {condition} AND {scope} AND {known}
ORDER BY occurred_at DESC, event_id DESC
LIMIT $limit
