-- Stored events of which the file repeats all values, though the digests differ: the engine may make digests in another
-- way than the one that stored the row, and a column that came later has no value in either.
-- Grain: one event; the stored digest becomes that of the first row of the file.
-- $start, $end: as for "stored". Composed in: the event table, and the test whether all values are the same.
UPDATE stored SET digest = same.digest
FROM (
    SELECT f.event_id, f.digest
    FROM (
        SELECT event_id, min(position) AS position, arg_min(digest, position) AS digest
        FROM readable SEMI JOIN stored USING (event_id) GROUP BY event_id
    ) f
    JOIN stored k ON k.event_id = f.event_id AND k.digest IS DISTINCT FROM f.digest
    JOIN {events} e ON e.event_id = f.event_id
    JOIN staged s ON s.position = f.position
    WHERE e.closed_by IS NULL AND e.occurred_at >= $start AND e.occurred_at < $end AND {same}
) same
WHERE stored.event_id = same.event_id
