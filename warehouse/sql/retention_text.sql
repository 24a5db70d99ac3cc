-- Empties the raw text of rows of some batches; digests stay. Returns how many rows. $after, $through: batches, the
-- first excluded. Composed in: the event table, the assignments and the condition that there is text.
UPDATE {events} SET {emptied}
WHERE batch > $after AND batch <= $through AND ({held})
