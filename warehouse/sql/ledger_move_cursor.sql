-- Notes how far a file of a source has been read. $bytes: size of the file when it was read.
INSERT OR REPLACE INTO cursors BY NAME
SELECT $source AS source, $file AS file, $content_digest AS content_digest, $mapping_digest AS mapping_digest,
       $bytes AS bytes, $batch AS batch
