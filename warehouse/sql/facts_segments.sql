-- Grain: one named segment of one rollout. $rollout: text; $through: batch or NULL.
SELECT DISTINCT segment FROM {events} WHERE rollout = $rollout AND nullif(segment, '') IS NOT NULL AND {known}
ORDER BY segment
