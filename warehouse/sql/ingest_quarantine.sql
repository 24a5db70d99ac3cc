-- Keeps the rows that were not let in, with position and reason.
-- $batch, $source, $file.
INSERT INTO quarantine BY NAME
SELECT $batch AS batch, $source AS source, $file AS file, position, reason, detail, raw, raw_bytes
FROM staged WHERE reason IS NOT NULL ORDER BY position
