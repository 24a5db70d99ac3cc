-- Whether any row of one rollout was generated. $rollout: text; $through: batch or NULL.
SELECT coalesce(bool_or(simulated), false) FROM {events} WHERE rollout = $rollout AND {known}
