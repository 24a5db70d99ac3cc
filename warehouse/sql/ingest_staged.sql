-- The temporary table that takes the rows of one file before they are let in.
-- Grain: one row of the source; reason is NULL for those that can be read.
CREATE OR REPLACE TEMP TABLE staged (
    position BIGINT,
    reason VARCHAR,
    detail VARCHAR,
    raw VARCHAR,
    raw_bytes BIGINT,
    digest VARCHAR,
    flags VARCHAR[],
    attributes JSON,
    {columns}
)
