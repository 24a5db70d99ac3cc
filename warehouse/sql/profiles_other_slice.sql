-- One row if any of some rows lies in another slice than $rollout, $release, $arm, $segment. Composed in: rows, with
-- their WHERE.
SELECT 1
FROM {rows}
  AND (rollout IS DISTINCT FROM $rollout OR release IS DISTINCT FROM $release OR arm IS DISTINCT FROM $arm
       OR segment IS DISTINCT FROM $segment)
LIMIT 1
