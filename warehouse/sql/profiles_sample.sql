-- Some columns of every $every-th current row of one slice in the half-open span [$start, $end), chosen by a hash of
-- the key: blind to time and value. Composed in: columns and rows.
SELECT {columns} FROM {rows} AND hash(event_id) % $every::UBIGINT = 0
ORDER BY event_id
