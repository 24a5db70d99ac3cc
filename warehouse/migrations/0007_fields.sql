-- Which fields have values, counted as rows come in. Batches that are in already are summed again at the next pull.

-- Grain: batch x source x hour of occurrence x field that has a value in some of its current rows; present is a DELTA in
-- rows of that batch, negative for what a restatement took away. field: a column, or the dotted place of an unmapped
-- field; NULL: the rows themselves. batch is NULL for rows that were stored before there was this table.
CREATE TABLE field_rows (
    stream VARCHAR NOT NULL,
    batch BIGINT,
    source VARCHAR NOT NULL,
    hour TIMESTAMPTZ NOT NULL,
    field VARCHAR,
    present BIGINT NOT NULL
);

DELETE FROM batches_summed;
