-- What every stream received. Grain: one stream. Counts in rows of all batches; first and last time of occurrence (UTC).
SELECT stream, count(DISTINCT source), count(*), sum(accepted)::BIGINT, sum(restated)::BIGINT, sum(quarantined)::BIGINT,
       min(first_at), max(last_at)
FROM batches GROUP BY stream ORDER BY stream
