-- Marks what the parts held as summarised. Grain: one metric x one batch of its stream that was not.
-- $digests, $names, $streams: parallel lists of text; $through: the newest batch that the parts knew.
INSERT INTO summarised
SELECT metric.digest, metric.name, batches.batch
FROM (SELECT unnest($digests::VARCHAR[]) AS digest, unnest($names::VARCHAR[]) AS name,
             unnest($streams::VARCHAR[]) AS stream) AS metric
JOIN batches ON batches.stream = metric.stream AND batches.batch <= $through::BIGINT
ANTI JOIN summarised ON summarised.metric_digest = metric.digest AND summarised.batch = batches.batch
