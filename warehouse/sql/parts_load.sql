-- The rows of a part as its event table. $start, $seen: half-open span that holds them, microseconds since 1970.
-- Composed in: the event table, its columns (checked names) and the rows.
CREATE TABLE {events} AS
SELECT {columns} FROM ({rows}) SEMI JOIN part_home USING (batch, position)
WHERE occurred_at >= make_timestamptz($start::BIGINT) AND occurred_at < make_timestamptz($seen::BIGINT)
