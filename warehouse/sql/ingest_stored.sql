-- The stored current revisions of events that the file names too.
-- Grain: one event. $start, $end: half-open span of occurrence that holds all of them (UTC); $batch: that of the file.
-- Composed in: the event table.
CREATE OR REPLACE TEMP TABLE stored AS
SELECT event_id, digest, revision, batch FROM {events} e SEMI JOIN readable USING (event_id)
WHERE batch < $batch AND closed_by IS NULL AND occurred_at >= $start AND occurred_at < $end
