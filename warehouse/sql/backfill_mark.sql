-- Mark pairs of metric and batch as summarised, if they are not. $digests, $names: parallel lists; $batches: numbers.
INSERT INTO summarised
SELECT metric.digest, metric.name, chosen.batch
FROM (SELECT unnest($digests::VARCHAR[]) AS digest, unnest($names::VARCHAR[]) AS name) AS metric
CROSS JOIN (SELECT unnest($batches::BIGINT[]) AS batch) AS chosen
ANTI JOIN summarised ON summarised.metric_digest = metric.digest AND summarised.batch = chosen.batch
