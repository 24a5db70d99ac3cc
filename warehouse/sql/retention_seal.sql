-- Sessions of which some rows go and some stay: their units are not counted again. $stream; $bound: rows that occurred
-- before it go; $until: a session with rows on both sides has one before this time. Composed in: the event table.
INSERT INTO sealed_sessions
SELECT DISTINCT $stream, rollout, session_id
FROM {events} AS stays SEMI JOIN (
    SELECT DISTINCT rollout, session_id FROM {events} WHERE occurred_at < $bound AND session_id IS NOT NULL
) AS goes USING (rollout, session_id)
WHERE stays.occurred_at >= $bound AND stays.occurred_at < $until
EXCEPT SELECT stream, rollout, session_id FROM sealed_sessions
