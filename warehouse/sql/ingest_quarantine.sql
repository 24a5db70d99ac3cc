-- Keeps the rows that were not let in, with position and reason.
-- $batch, $source, $file.
INSERT INTO quarantine BY NAME
SELECT $batch AS batch, $source AS source, $file AS file, position, _reason AS reason, _detail AS detail, _raw AS raw,
       _raw_bytes AS raw_bytes
FROM staged WHERE _reason IS NOT NULL ORDER BY position
