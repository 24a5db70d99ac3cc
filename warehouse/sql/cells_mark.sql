-- Mark pairs of metric and batch as summarised. $digests, $names: parallel lists of text; $batches: numbers.
INSERT INTO summarised
SELECT metric.digest, metric.name, batch
FROM (SELECT unnest($digests::VARCHAR[]) AS digest, unnest($names::VARCHAR[]) AS name) AS metric
CROSS JOIN (SELECT unnest($batches::BIGINT[]) AS batch)
