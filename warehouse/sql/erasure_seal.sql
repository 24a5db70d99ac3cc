-- Sessions that lose some of their rows and keep others: their units are not counted again. $stream. Composed in: the
-- event table.
INSERT INTO sealed_sessions
SELECT DISTINCT $stream, rollout, session_id
FROM {events} AS stays
SEMI JOIN (
    SELECT DISTINCT rollout, session_id FROM {events} SEMI JOIN erased_keys USING (event_id)
    WHERE session_id IS NOT NULL
) AS goes USING (rollout, session_id)
ANTI JOIN erased_keys ON erased_keys.event_id = stays.event_id
EXCEPT SELECT stream, rollout, session_id FROM sealed_sessions
