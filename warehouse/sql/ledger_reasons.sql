-- Why rows were not let in. Grain: source x reason; rows of all batches, the most first. $source: NULL for all.
SELECT source, reason.key AS reason, sum(reason.value)::BIGINT AS rows
FROM (
    SELECT source, unnest(map_entries(reasons::MAP(VARCHAR, BIGINT))) AS reason FROM batches
    WHERE quarantined > 0 AND ($source::VARCHAR IS NULL OR source = $source)
)
GROUP BY ALL ORDER BY rows DESC, source, reason
