-- The current rows of one slice in the half-open span [$start, $end), into the temporary table "profile_rows".
-- Composed in: the columns that are counted, and the rows (profiles_span).
CREATE OR REPLACE TEMP TABLE profile_rows AS
SELECT {columns} FROM {rows}
