-- Notes how many rows of which batch go: those that brought them, and those that superseded them.
-- $stream; $bound: rows that occurred before it. Composed in: the event table.
INSERT INTO removed_rows
SELECT $stream, batch, 'retention', count(*) FROM (
    SELECT batch FROM {events} WHERE occurred_at < $bound
    UNION ALL
    SELECT closed_by FROM {events} WHERE occurred_at < $bound AND closed_by IS NOT NULL
)
GROUP BY batch
