-- A tombstone for every erased event. $stream; $before: salt and place of the digest.
INSERT INTO tombstones
SELECT DISTINCT $stream, 'event_id', sha256($before::VARCHAR || event_id) FROM erased_keys
EXCEPT SELECT stream, column_name, digest FROM tombstones
