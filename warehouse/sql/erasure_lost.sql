-- Notes how many rows of which batch go: those that brought them, and those that superseded them. $stream. Composed in:
-- the event table.
INSERT INTO removed_rows
SELECT $stream, batch, 'erasure', count(*) FROM (
    SELECT batch FROM {events} SEMI JOIN erased_keys USING (event_id)
    UNION ALL
    SELECT closed_by FROM {events} SEMI JOIN erased_keys USING (event_id) WHERE closed_by IS NOT NULL
)
GROUP BY batch
