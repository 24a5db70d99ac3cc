-- Remembers that the versions of some batches of a stream are noted. $stream, $batches.
INSERT OR IGNORE INTO batches_parted SELECT $stream, unnest($batches::BIGINT[])
