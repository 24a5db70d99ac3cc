-- The record of an erasure. Texts; $rows, $kept, $rollouts: JSON.
INSERT INTO erasures
VALUES ($erasure, $at, $by, $reason, $column, $subject, $rows, $kept, $quarantined, $rollouts, false)
