-- Fragment: the current rows of some batches, with their sign. $batches; $first, $last: their span.
SELECT source, occurred_at, attributes, {bits}, 1 AS _sign
FROM {events} WHERE closed_by IS NULL AND batch BETWEEN $first AND $last AND list_contains($batches::BIGINT[], batch)
