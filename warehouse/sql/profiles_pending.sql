-- Grain: one scheme x one batch of the stream that is not counted yet, in order of arrival. $schemes: texts.
-- rows: event rows the batch brought; plain: it superseded none; first_at, last_at: of its rows.
SELECT scheme.digest, batches.batch, batches.accepted + batches.restated AS rows, batches.restated = 0 AS plain,
       batches.first_at, batches.last_at
FROM (SELECT unnest($schemes::VARCHAR[]) AS digest) AS scheme
JOIN batches ON batches.stream = $stream
ANTI JOIN profiled ON profiled.scheme = scheme.digest AND profiled.batch = batches.batch
ORDER BY batches.batch, scheme.digest
