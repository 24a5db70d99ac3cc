-- Files of a source as they were last read under one mapping, each with the batch that holds its content.
-- Grain: one file. $source, $mapping_digest.
SELECT s.file AS seen_file, s.bytes AS seen_bytes, s.changed_ns AS seen_changed_ns, b.*
FROM sightings s JOIN batches b USING (batch)
WHERE s.source = $source AND s.mapping_digest = $mapping_digest
