-- Grain: one rollout x one run. Times UTC; a repeated run at the same time replaces its own row.
INSERT OR REPLACE INTO standings
VALUES ($rollout, $at, $valid_until, $standing, $stage, $reason, $binding)
