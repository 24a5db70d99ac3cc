-- Fragment: the rows that the batches from $first to $last brought (_sign 1) or superseded (_sign -1), of the half-open
-- span [$since, $until) ($until NULL: without end). A row brought and superseded by the same batch changes nothing.
-- Composed in: the event table.
(
    SELECT batch AS _batch, 1 AS _sign, *
    FROM {events}
    WHERE batch BETWEEN $first::BIGINT AND $last::BIGINT AND closed_by IS DISTINCT FROM batch
      AND occurred_at >= $since::TIMESTAMPTZ AND ($until::TIMESTAMPTZ IS NULL OR occurred_at < $until::TIMESTAMPTZ)
    UNION ALL
    SELECT closed_by AS _batch, -1 AS _sign, *
    FROM {events}
    WHERE closed_by BETWEEN $first::BIGINT AND $last::BIGINT AND closed_by <> batch
      AND occurred_at >= $since::TIMESTAMPTZ AND ($until::TIMESTAMPTZ IS NULL OR occurred_at < $until::TIMESTAMPTZ)
)
