-- One row: the current rows of a slice and span, and for each column composed in how many different values it holds
-- (an estimate that is the same again), and how many rows have a value.
SELECT count(*){columns} FROM {rows}
