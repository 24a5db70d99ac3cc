-- Whether a source may have brought content of one size under one mapping. Of old batches the size is not known.
-- Grain: one line. $source, $mapping_digest, $bytes.
SELECT EXISTS (
    SELECT 1 FROM batches LEFT JOIN contents USING (batch)
    WHERE source = $source AND mapping_digest = $mapping_digest AND coalesce(bytes, $bytes) = $bytes)
