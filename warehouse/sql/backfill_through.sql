-- The newest batch of which, with all before it, it is known that it had arrived at $at; 0 when none had.
-- Composed in: the table of batches.
SELECT coalesce(
    (SELECT min(batch) - 1 FROM {batches} WHERE arrived_at > $at),
    (SELECT max(batch) FROM {batches}),
    0
)
