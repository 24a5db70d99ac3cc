-- Newest current rows of one stream into the snapshot. Grain: row. $since: earliest time of occurrence (UTC); $most: how
-- many at most. Composed in: the tables and the columns that are shown (checked identifiers).
INSERT INTO {recent}
SELECT {columns} FROM {events}
WHERE closed_by IS NULL AND occurred_at >= $since
ORDER BY occurred_at DESC, event_id LIMIT $most
