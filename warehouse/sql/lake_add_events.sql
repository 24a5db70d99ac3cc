-- Copies the rows of some batches. $first, $last: batches, both ends; $batches: those of them that are meant.
-- Composed in: the event table (a checked name). When a row was superseded is kept apart, in the table of closings.
INSERT INTO lake.{events} BY NAME
SELECT * EXCLUDE (closed_by) FROM {events}
WHERE batch BETWEEN $first::BIGINT AND $last::BIGINT AND list_contains($batches::BIGINT[], batch)
ORDER BY occurred_at
