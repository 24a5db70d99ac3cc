-- Fragment: the stored rows that the file closed, with their sign. $closing: the batch; $start, $end: half-open span of
-- occurrence that holds all of them (UTC).
SELECT source, occurred_at, attributes, {bits}, -1 AS _sign
FROM {events} WHERE closed_by = $closing AND batch <> $closing AND occurred_at >= $start AND occurred_at < $end
