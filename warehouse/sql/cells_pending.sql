-- Grain: one metric x one batch of its stream that is not summarised yet, in order of arrival.
-- $digests, $streams: parallel lists of text. rows: event rows the batch brought.
SELECT metric.digest, batches.batch, batches.accepted + batches.restated AS rows
FROM (SELECT unnest($digests::VARCHAR[]) AS digest, unnest($streams::VARCHAR[]) AS stream) AS metric
JOIN batches ON batches.stream = metric.stream
ANTI JOIN summarised ON summarised.metric_digest = metric.digest AND summarised.batch = batches.batch
ORDER BY batches.batch
