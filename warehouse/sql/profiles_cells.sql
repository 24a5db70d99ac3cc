-- The cells that the rows of some batches touch, numbered, into the temporary table "profile_cells".
-- Grain: batch x window x rollout x release x arm x segment. $window: length in microseconds.
-- Composed in: the changed rows (profiles_changed).
CREATE OR REPLACE TEMP TABLE profile_cells AS
SELECT (row_number() OVER () - 1)::INTEGER AS _cell, *
FROM (
    SELECT _batch, (epoch_us(occurred_at) - (epoch_us(occurred_at) % $window::BIGINT + $window::BIGINT) % $window::BIGINT)
               AS _window,
           rollout AS _rollout, coalesce(release, '') AS _release, coalesce(arm, '') AS _arm,
           coalesce(segment, '') AS _segment
    FROM {changed}
    GROUP BY ALL
)
