-- Evidence of more kinds of gates: exact counts beside the growths, pinned references, and self-tests.

-- What a kind of gate needs beside growths and totals to say what it measured; each kind says what they are.
ALTER TABLE evidence ADD COLUMN counts BIGINT[];

-- Grain: one gate x one configuration of it: what its reference period held when it was first read. Never changed, so
-- that neither a restatement nor a longer history moves the limit of a test that is going on.
CREATE TABLE pins (
    gate VARCHAR NOT NULL,
    config_digest VARCHAR NOT NULL,
    pinned_at TIMESTAMPTZ NOT NULL,
    through_batch BIGINT NOT NULL,
    body JSON NOT NULL,
    PRIMARY KEY (gate, config_digest)
);

-- Grain: one self-test of one gate under one configuration of it: whether planted traffic came out as it had to.
CREATE TABLE self_tests (
    gate VARCHAR NOT NULL,
    config_digest VARCHAR NOT NULL,
    tested_at TIMESTAMPTZ NOT NULL,
    outcome VARCHAR NOT NULL,
    detail VARCHAR NOT NULL
);
