-- Notes how files of a source looked when they were last read.
-- Grain: one file. $files, $sizes (bytes), $changes (nanoseconds since 1970) and $batches are lists of equal length.
INSERT OR REPLACE INTO sightings BY NAME
SELECT $source AS source, unnest($files::VARCHAR[]) AS file, $mapping_digest AS mapping_digest,
       unnest($sizes::BIGINT[]) AS bytes, unnest($changes::BIGINT[]) AS changed_ns, unnest($batches::BIGINT[]) AS batch
