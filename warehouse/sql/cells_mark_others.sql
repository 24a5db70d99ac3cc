-- Mark the batches of other streams as summarised: they hold nothing for the metric.
-- $digests, $names, $streams: parallel lists of text, one entry per metric.
INSERT INTO summarised
SELECT metric.digest, metric.name, batches.batch
FROM (SELECT unnest($digests::VARCHAR[]) AS digest, unnest($names::VARCHAR[]) AS name,
             unnest($streams::VARCHAR[]) AS stream) AS metric
JOIN batches ON batches.stream <> metric.stream
ANTI JOIN summarised ON summarised.metric_digest = metric.digest AND summarised.batch = batches.batch
