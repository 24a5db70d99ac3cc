-- Notes some batches of one stream as copied. $batches: numbers, $first, $last: their ends; $stream: text; $now: time of copying (UTC).
-- Composed in: the event table (a checked name). The digest is a sum of integers, the same in any order.
INSERT INTO lake.gatehold_batches BY NAME
SELECT own.batch, source, stream, file, content_digest, own.arrived_at, coalesce(seen.rows, 0) AS rows,
       coalesce(seen.digest, 0)::VARCHAR AS digest, $now AS copied_at
FROM batches AS own
LEFT JOIN (
    SELECT batch, count(*) AS rows,
           sum(md5_number_lower(concat(digest, ' ', position, ' ', revision, ' ', event_id))) AS digest
    FROM {events} WHERE batch BETWEEN $first::BIGINT AND $last::BIGINT AND list_contains($batches::BIGINT[], batch) GROUP BY batch
) AS seen USING (batch)
WHERE stream = $stream::VARCHAR AND list_contains($batches::BIGINT[], own.batch)
