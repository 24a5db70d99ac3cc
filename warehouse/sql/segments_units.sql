-- Evidence of gates by segment. Grain: one gate (its number) x segment. Composed of lists of equal length, one entry for
-- each gate: $gates its number, $digests its metric, $rollouts, $releases (NULL: every one), $arms (NULL: every one),
-- $segments (NULL: every one), $starts and $ends its half-open span of window starts (UTC). Units; sums in millionths.
-- Gates that ask for the same are summed once, under the number of the first of them.
WITH asked AS (
    SELECT unnest($gates::INTEGER[]) AS gate, unnest($digests::VARCHAR[]) AS metric_digest,
           unnest($rollouts::VARCHAR[]) AS of_rollout, unnest($releases::VARCHAR[]) AS of_release,
           unnest($arms::VARCHAR[]) AS of_arm, unnest($segments::VARCHAR[]) AS of_segment,
           unnest($starts::TIMESTAMPTZ[]) AS starts, unnest($ends::TIMESTAMPTZ[]) AS ends
),
numbered AS (
    SELECT *, min(gate) OVER (PARTITION BY metric_digest, of_rollout, of_release, of_arm, of_segment, starts, ends) AS first
    FROM asked
),
sums AS (
    SELECT first, segment, sum(units)::BIGINT AS units, sum(CASE WHEN scored THEN units ELSE 0 END)::BIGINT AS scored,
           sum(low::DOUBLE * units) AS low, sum(high::DOUBLE * units) AS high
    FROM units JOIN (SELECT * FROM numbered WHERE gate = first) USING (metric_digest)
    WHERE rollout = of_rollout AND window_start >= starts AND window_start < ends
      AND (of_release IS NULL OR release = of_release)
      AND (of_arm IS NULL OR arm = of_arm OR (of_arm = 'candidate' AND arm = ''))
      AND (of_segment IS NULL OR segment = of_segment)
    GROUP BY first, segment
    HAVING sum(units) > 0
)
SELECT gate, segment, units, scored, low, high
FROM sums JOIN numbered USING (first)
ORDER BY gate, units DESC, segment
