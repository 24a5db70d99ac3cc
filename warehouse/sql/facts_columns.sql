-- Some columns of one slice's rows within the half-open span [$start, $end), in order of time.
-- $batch: only rows of that batch, as known when it was in (NULL: current rows). $limit: at most so many rows, chosen
-- by a digest of their keys, so that the choice depends on neither time nor value and is the same again (NULL: all).
SELECT * EXCLUDE (_at, _key)
FROM (
    SELECT {columns}, occurred_at AS _at, event_id AS _key
    FROM {events}
    WHERE occurred_at >= $start AND occurred_at < $end AND {scope} AND {held}
    {sample}
)
ORDER BY _at, _key
