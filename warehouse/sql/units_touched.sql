-- The sessions that the rows of a chunk belong to, numbered, into the temporary table "summary_touched".
-- Grain: rollout x session. The same name under two rollouts is two sessions.
CREATE OR REPLACE TEMP TABLE summary_touched AS
SELECT rollout, session_id, row_number() OVER () AS _session
FROM (SELECT DISTINCT rollout, session_id FROM summary_items WHERE session_id IS NOT NULL)
