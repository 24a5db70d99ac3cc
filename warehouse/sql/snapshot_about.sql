-- What a snapshot says of itself: one line, and for each table its columns, its newest row (the
-- engine's row number) and a digest of its rows.
-- bytes: size of the file when it was built from nothing, 0 for that time itself.
CREATE OR REPLACE TABLE published.snapshot_about (
    format INTEGER NOT NULL,
    as_of TIMESTAMPTZ NOT NULL,
    batch BIGINT NOT NULL,
    streams VARCHAR[] NOT NULL,
    bytes BIGINT NOT NULL
);
CREATE OR REPLACE TABLE published.snapshot_tables (
    name VARCHAR NOT NULL,
    columns VARCHAR NOT NULL,
    newest BIGINT NOT NULL,
    digest VARCHAR NOT NULL
)
