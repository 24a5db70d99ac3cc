-- Erasures, oldest first. Grain: one erasure. $unlogged: only those that the decision log does not have yet.
SELECT erasure, at_time, by_whom, reason, column_name, subject_digest, rows, kept, quarantined, rollouts
FROM erasures WHERE NOT ($unlogged AND logged) ORDER BY at_time, erasure
