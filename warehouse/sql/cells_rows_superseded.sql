-- Fragment: the rows that the batches of one chunk superseded (_sign -1). Grain: row x batch that superseded it; as
-- cells_rows otherwise.
SELECT closed_by AS _batch, -1 AS _sign, *
FROM {events}
WHERE closed_by BETWEEN $first::BIGINT AND $last::BIGINT AND closed_by <> batch AND {superseded}
