-- Adds one batch to the ledger. Parameters are the columns of "batches"; counts in rows, times UTC.
INSERT INTO batches BY NAME
SELECT $batch AS batch, $source AS source, $stream AS stream, $file AS file, $content_digest AS content_digest,
       $mapping_digest AS mapping_digest, $arrived_at AS arrived_at, $received AS received, $accepted AS accepted,
       $duplicate AS duplicate, $restated AS restated, $quarantined AS quarantined, $late AS late,
       $first_at::TIMESTAMPTZ AS first_at, $last_at::TIMESTAMPTZ AS last_at,
       $restated_columns::JSON AS restated_columns, $reasons::JSON AS reasons, $flagged::JSON AS flagged,
       $error::VARCHAR AS error
