-- The cells of pieces that lie in one cell each, numbered from 0, into the temporary table "profile_cells".
-- Grain: piece. Lists of equal length: $batch: numbers; $window: starts in microseconds since 1970; $rollout, $release,
-- $arm, $segment: texts, '' for what is not named.
CREATE OR REPLACE TEMP TABLE profile_cells AS
SELECT (generate_subscripts($batch::BIGINT[], 1) - 1)::INTEGER AS _cell, unnest($batch::BIGINT[]) AS _batch,
       unnest($window::BIGINT[]) AS _window, unnest($rollout::VARCHAR[]) AS _rollout,
       unnest($release::VARCHAR[]) AS _release, unnest($arm::VARCHAR[]) AS _arm, unnest($segment::VARCHAR[]) AS _segment
