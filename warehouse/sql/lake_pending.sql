-- Batches that the lake does not have, in order of arrival. Grain: one batch. rows: event rows the batch brought.
-- $head: newest batch of the lake.
SELECT batch, accepted + restated AS rows FROM batches WHERE batch > $head::BIGINT ORDER BY batch
