-- Grain: one release ('' for none named) of one rollout in one stream. $rollout: text; $through: batch or NULL.
-- Of the candidate arm, or of no arm: what answers the control traffic is not what is being rolled out.
SELECT coalesce(release, '') AS release, min(occurred_at), max(occurred_at), count(*)
FROM {events}
WHERE rollout = $rollout AND coalesce(arm, '') IN ('', 'candidate') AND {known}
GROUP BY ALL
