-- The rows of a batch in the columns by which an erasure or the end of retention would keep them out.
-- Grain: one row. $batch. Composed in: the event table and the columns of erased values.
CREATE OR REPLACE TEMP TABLE screened AS
SELECT NULL::VARCHAR AS _reason, NULL::VARCHAR AS _detail, NULL::VARCHAR AS _raw, NULL::BIGINT AS _raw_bytes,
       NULL::JSON AS attributes, occurred_at{columns}
FROM {events} WHERE batch = $batch
