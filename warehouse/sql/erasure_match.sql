-- The events of which any revision has one of the values, into the temporary table "erased_keys". Grain: event x rollout
-- x session. $values: texts. Composed in: the event table and the column (checked identifiers).
CREATE OR REPLACE TEMP TABLE erased_keys AS
SELECT DISTINCT event_id, rollout, session_id
FROM {events} WHERE list_contains($values::VARCHAR[], CAST({column} AS VARCHAR))
