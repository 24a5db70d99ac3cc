-- The readable rows of the file, in the columns that tell which of them are new.
-- Grain: one readable row.
CREATE OR REPLACE TEMP TABLE readable AS
SELECT position, event_id, occurred_at, digest FROM staged WHERE _reason IS NULL
