-- Grain: one rollout named in the rows that arrived after batch $after, up to batch $through. Most frequent first.
-- $after: batch (0: all); $through: batch or NULL for all. Composed in: the event table. Revisions current then.
SELECT rollout, count(*) AS rows
FROM {events}
WHERE batch > $after AND {known}
GROUP BY ALL
ORDER BY rows DESC, rollout
