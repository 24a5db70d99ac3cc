-- Grain: one value ('' for none) of one column that names a version, of one rollout in one stream.
-- $stream, $rollout: text; $release: text, NULL takes all; $through: batch or NULL. Of the candidate arm, or of no arm.
-- Rows are read only of batches whose versions are not noted. Composed in: the counted rows.
WITH counted AS (
    SELECT release, arm, part, value, first_at, last_at, rows FROM batch_parts
    WHERE stream = $stream AND rollout = $rollout AND {known}
    UNION ALL
    SELECT release, arm, part, value, first_at, last_at, rows FROM ({told})
)
SELECT part, value, min(first_at), max(last_at), sum(rows)::BIGINT
FROM counted
WHERE arm IN ('', 'candidate') AND ($release::VARCHAR IS NULL OR release = $release::VARCHAR)
GROUP BY part, value
ORDER BY part, min(first_at), value
