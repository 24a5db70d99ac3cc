-- Closes the stored revision of every event that the file restates; runs before the new revisions are let in.
-- $batch: the batch that supersedes it; $start, $end: as for "stored". Composed in: the event table.
UPDATE {events} SET closed_by = $batch
WHERE closed_by IS NULL AND occurred_at >= $start AND occurred_at < $end
  AND event_id IN (SELECT event_id FROM fates WHERE fate = 'restated')
