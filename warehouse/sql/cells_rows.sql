-- Fragment: the rows that the batches of one chunk brought (_sign 1). Grain: row. $first, $last: smallest and largest
-- batch of the chunk, which let row groups be skipped. Composed in: the event table (a checked name), and which batches
-- between the two are meant. No column of a stream begins with an underscore. A row brought and superseded by the same
-- batch was never known, and changes nothing.
SELECT batch AS _batch, 1 AS _sign, *
FROM {events}
WHERE batch BETWEEN $first::BIGINT AND $last::BIGINT AND closed_by IS DISTINCT FROM batch AND {brought}
