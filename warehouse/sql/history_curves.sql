-- Grain: one run of one of the gates $gates of $rollout, thinned to what a plot shows: of each of at most $parts parts the
-- least and the greatest estimate and the first run without one, the ends, and both sides of a change of release.
-- Estimates in the metric's unit, times in microseconds since 1970 (UTC).
WITH numbered AS MATERIALIZED (
    SELECT gate, epoch_us(at_time) AS at_time, outcome, estimate, units, release,
           row_number() OVER runs AS number, count(*) OVER (PARTITION BY gate) AS count,
           lag(release) OVER runs IS DISTINCT FROM release AS first, lead(release) OVER runs IS DISTINCT FROM release AS last
    FROM verdicts WHERE rollout = $rollout AND list_contains($gates, gate)
    WINDOW runs AS (PARTITION BY gate ORDER BY at_time)
),
parts AS (
    SELECT gate, arg_min(number, estimate) AS least, arg_max(number, estimate) AS greatest,
           min(number) FILTER (WHERE estimate IS NULL) AS missing
    FROM numbered GROUP BY gate, (number - 1) * least($parts, count) // count
),
kept AS (
    SELECT gate, unnest([least, greatest, missing]) AS number FROM parts
    UNION SELECT gate, number FROM numbered WHERE first OR last OR number IN (1, count)
)
SELECT gate, at_time, outcome, estimate, units, release FROM numbered JOIN kept USING (gate, number)
ORDER BY gate, at_time
