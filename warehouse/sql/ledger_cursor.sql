-- How far a file of a source has been read under one mapping; no line when never.
-- Grain: one line. $source, $file, $mapping_digest.
SELECT bytes, content_digest FROM cursors
WHERE source = $source AND file = $file AND mapping_digest = $mapping_digest
