-- The batches of which the file closes rows.
-- Grain: one batch.
SELECT DISTINCT batch FROM stored SEMI JOIN (SELECT event_id FROM fates WHERE fate = 'restated') USING (event_id)
