-- Fragment: the current rows of one slice in the half-open span [$start, $end). Composed in: the event table.
{events}
WHERE occurred_at >= $start::TIMESTAMPTZ AND occurred_at < $end::TIMESTAMPTZ AND closed_by IS NULL AND {scope}
