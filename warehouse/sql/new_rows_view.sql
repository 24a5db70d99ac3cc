-- Grain: one event row of the batches from first_checked to last_checked (variables, BIGINT), in the revision that was
-- current as of the last of them.
-- events_stream stands for the stream's event table. Temporary: seen by the connection that makes it alone.
CREATE TEMPORARY VIEW new_rows AS
SELECT *
FROM events_stream
WHERE batch BETWEEN CAST(getvariable('first_checked') AS BIGINT) AND CAST(getvariable('last_checked') AS BIGINT)
  AND (closed_by IS NULL OR closed_by > CAST(getvariable('last_checked') AS BIGINT))
