-- Notes that batches of a stream are summed. $stream, $batches.
INSERT OR IGNORE INTO batches_summed SELECT $stream, unnest($batches::BIGINT[])
