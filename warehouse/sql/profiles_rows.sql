-- The changed rows with the number of their cell, into the temporary table "profile_rows". Grain: row x batch that
-- changed it. $window: length in microseconds. Composed in: the changed rows, and the columns that are counted.
CREATE OR REPLACE TEMP TABLE profile_rows AS
SELECT profile_cells._cell, _sign, {columns}
FROM {changed} AS changed
JOIN profile_cells
  ON profile_cells._batch = changed._batch
 AND profile_cells._window = epoch_us(occurred_at)
     - (epoch_us(occurred_at) % $window::BIGINT + $window::BIGINT) % $window::BIGINT
 AND profile_cells._rollout = changed.rollout
 AND profile_cells._release = coalesce(changed.release, '')
 AND profile_cells._arm = coalesce(changed.arm, '')
 AND profile_cells._segment = coalesce(changed.segment, '')
