-- One row: the slice of any of some rows; none where there are no rows. Composed in: rows.
SELECT rollout, release, arm, segment FROM {rows} LIMIT 1
