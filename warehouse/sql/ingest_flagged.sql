-- How many rows of a batch have a value outside its column's range or choices, by column.
-- Grain: one line with a count for each column. $batch; limits and choices. Composed in: the event table and the counts.
SELECT {counts} FROM {events} WHERE batch = $batch
