-- Note what is to be computed again. $request: digest of what was asked for; $digests, $batches: parallel lists.
INSERT INTO backfill_todo
SELECT $request, unnest($digests::VARCHAR[]), unnest($batches::BIGINT[])
