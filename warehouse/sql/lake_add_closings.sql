-- Notes which rows were superseded, by which batch: those that batches after $head superseded, up to $last.
-- Grain: one superseded row. Composed in: the event table and the table of closings (checked names).
INSERT INTO lake.{closings} BY NAME
SELECT batch, position, closed_by, occurred_at FROM {events}
WHERE closed_by > $head::BIGINT AND closed_by <= $last::BIGINT
