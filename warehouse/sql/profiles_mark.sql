-- Mark pairs of scheme and batch as counted. $schemes: texts; $batches: numbers.
INSERT INTO profiled
SELECT scheme, batch
FROM (SELECT unnest($schemes::VARCHAR[]) AS scheme) CROSS JOIN (SELECT unnest($batches::BIGINT[]) AS batch)
