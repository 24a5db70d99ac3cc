-- Removes rows from quarantine. $after, $through: batches, the first excluded.
DELETE FROM quarantine WHERE batch > $after AND batch <= $through
