-- What every expectation said of every batch of rows, kept ones too: silence is no proof that one was kept.

-- Grain: one expectation in one carrying out of a suite (check_runs). unexpected: rows that break it, rows: rows looked
-- at; both NULL where the expectation counts no rows or could not be carried out.
CREATE TABLE check_results (
    stream VARCHAR NOT NULL,
    last_batch BIGINT NOT NULL,
    checked_at TIMESTAMPTZ NOT NULL,
    name VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    observed VARCHAR NOT NULL,
    expected VARCHAR NOT NULL,
    unexpected BIGINT,
    rows BIGINT
);
