-- What the values of places inside JSON columns are, one pair of counts per place: all, numbers, truths.
-- Half-open span [$start, $end); $batch: only rows of that batch, as known when it was in (NULL: current rows).
SELECT {counts}
FROM {events}
WHERE occurred_at >= $start AND occurred_at < $end AND {scope} AND {held}
