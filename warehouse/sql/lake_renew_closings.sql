-- Notes anew which rows of some batches were superseded, as far as the lake's newest batch $head knows.
-- $batches: numbers. Composed in: the event table and the table of closings (checked names).
INSERT INTO lake.{closings} BY NAME
SELECT batch, position, closed_by, occurred_at FROM {events}
WHERE list_contains($batches::BIGINT[], batch) AND closed_by <= $head::BIGINT
