-- The traffic that some metrics have cells of, numbered from 0, into the temporary table "rollup_keys". Grain: rollout x
-- release x arm x segment. $digests: the metrics; $start, $end: half-open span of window starts; $through: newest batch
-- (NULL: all).
CREATE OR REPLACE TEMP TABLE rollup_keys AS
SELECT row_number() OVER (ORDER BY rollout, release, arm, segment) - 1 AS _key, rollout, release, arm, segment
FROM (
    SELECT DISTINCT rollout, release, arm, segment FROM cells
    WHERE list_contains($digests::VARCHAR[], metric_digest) AND window_start >= $start AND window_start < $end
      AND ($through::BIGINT IS NULL OR batch <= $through::BIGINT)
)
