-- The readable rows of the file where they were let in already, in the columns that tell whether they are new.
-- Grain: one row. $batch. Composed in: the event table.
CREATE OR REPLACE TEMP TABLE readable AS
SELECT position, event_id, occurred_at, digest FROM {events} WHERE batch = $batch
