-- The batches that were summarised for a metric. $digest: the metric.
SELECT batch FROM summarised WHERE metric_digest = $digest
