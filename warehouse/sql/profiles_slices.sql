-- Grain: one slice of some rows, '' for what is not named; two are enough to know. Composed in: rows.
SELECT coalesce(rollout, ''), coalesce(release, ''), coalesce(arm, ''), coalesce(segment, '')
FROM {rows}
GROUP BY ALL
LIMIT 2
