-- Grain: one gate x one run at $at (UTC); estimate in the metric's unit. The lists run in parallel.
INSERT OR REPLACE INTO verdicts
SELECT $rollout, unnest($gates::VARCHAR[]), $at, unnest($outcomes::VARCHAR[]), unnest($estimates::DOUBLE[]),
       unnest($units::BIGINT[]), $release
