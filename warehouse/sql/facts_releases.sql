-- Grain: one release ('' for none named) of one rollout in one stream. $rollout: text; $through: batch or NULL.
SELECT coalesce(release, '') AS release, min(occurred_at), max(occurred_at), count(*)
FROM {events}
WHERE rollout = $rollout AND {known}
GROUP BY ALL
