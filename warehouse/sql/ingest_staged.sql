-- The temporary table that takes the rows of one file before they are let in.
-- Grain: one row of the source; _reason is NULL for those that can be read.
CREATE OR REPLACE TEMP TABLE staged (
    position BIGINT,
    _reason VARCHAR,
    _detail VARCHAR,
    _raw VARCHAR,
    _raw_bytes BIGINT,
    digest VARCHAR,
    _flags VARCHAR[],
    attributes JSON,
    {columns}
)
