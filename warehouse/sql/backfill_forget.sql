-- Take the deltas of some metrics and batches out of one table. $digests, $batches: every one of these with every one of
-- those. Composed in: the table (cells, units, bins or backfill_todo).
DELETE FROM {table}
WHERE metric_digest IN (SELECT unnest($digests::VARCHAR[])) AND batch IN (SELECT unnest($batches::BIGINT[]))
