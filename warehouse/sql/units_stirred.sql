-- Spans of windows in which a unit that was known at batch $after has changed since, up to batch $through: its session
-- went on, or a row of it was restated. Grain: one unit that changed; first and last window that it may lie in.
-- A run of rows without a gap above $gap holds whole sessions, whatever is known of it. $rollout: text; $start, $end:
-- half-open span of window starts; $gap, $window: lengths in microseconds. Composed in: what tells units apart.
WITH touched AS (
    SELECT DISTINCT {unit} AS _unit FROM {events}
    WHERE ($rollout::VARCHAR IS NULL OR rollout = $rollout::VARCHAR) AND occurred_at < $end
      AND ((batch > $after::BIGINT AND batch <= $through::BIGINT)
           OR (closed_by > $after::BIGINT AND closed_by <= $through::BIGINT))
),
seen AS (
    SELECT {unit} AS _unit, epoch_us(occurred_at) AS _at, event_id, batch, closed_by
    FROM {events}
    WHERE ($rollout::VARCHAR IS NULL OR rollout = $rollout::VARCHAR) AND batch <= $through::BIGINT
      AND {unit} IN (SELECT _unit FROM touched)
),
stepped AS (
    SELECT *, coalesce(_at - lag(_at) OVER (PARTITION BY _unit ORDER BY _at, event_id, batch) > $gap::BIGINT, true)
              AS _new
    FROM seen
),
numbered AS (
    SELECT *, count(*) FILTER (_new) OVER (PARTITION BY _unit ORDER BY _at, event_id, batch) AS _island
    FROM stepped
),
island AS (
    SELECT min(_at) AS _first, max(_at) + $gap::BIGINT AS _last
    FROM numbered
    GROUP BY _unit, _island
    HAVING bool_or(batch <= $after::BIGINT AND (closed_by IS NULL OR closed_by > $after::BIGINT))
       AND bool_or(batch > $after::BIGINT
                   OR coalesce(closed_by > $after::BIGINT AND closed_by <= $through::BIGINT, false))
)
SELECT make_timestamptz(_first - (_first % $window::BIGINT + $window::BIGINT) % $window::BIGINT) AS first_window,
       make_timestamptz(_last - (_last % $window::BIGINT + $window::BIGINT) % $window::BIGINT) AS last_window
FROM island
WHERE make_timestamptz(_last) >= $start
ORDER BY first_window, last_window
