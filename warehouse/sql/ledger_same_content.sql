-- The batch in which a source brought the same bytes under the same mapping before; no line when never.
-- Grain: one line. $file: where the file's name feeds a column, only the same file counts, else NULL.
SELECT * FROM batches
WHERE source = $source AND content_digest = $content_digest AND mapping_digest = $mapping_digest
  AND ($file::VARCHAR IS NULL OR file = $file)
ORDER BY batch LIMIT 1
