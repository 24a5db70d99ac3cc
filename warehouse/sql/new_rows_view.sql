-- Grain: one event row of the batch in the variable checked_batch (BIGINT), in the revision current as of that batch.
-- events_stream stands for the stream's event table. Temporary: seen by the connection that makes it alone.
CREATE TEMPORARY VIEW new_rows AS
SELECT *
FROM events_stream
WHERE batch = CAST(getvariable('checked_batch') AS BIGINT)
  AND (closed_by IS NULL OR closed_by > CAST(getvariable('checked_batch') AS BIGINT))
