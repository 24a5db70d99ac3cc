-- The newest window with rows. Grain: metric x rollout. $digests: the metrics.
SELECT metric_digest, rollout, max(window_start)
FROM (
    SELECT metric_digest, rollout, window_start FROM cells WHERE list_contains($digests::VARCHAR[], metric_digest)
    GROUP BY ALL HAVING sum(items) <> 0
)
GROUP BY metric_digest, rollout
