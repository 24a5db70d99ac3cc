-- Profiles of columns for drift: integer histograms per window and slice, under schemes that a reference has fixed.

-- Grain: one way of counting one property of one column.
CREATE TABLE profile_schemes (
    scheme VARCHAR PRIMARY KEY,
    stream VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    body JSON NOT NULL
);

-- Grain: one scheme x batch that has been counted.
CREATE TABLE profiled (
    scheme VARCHAR NOT NULL,
    batch BIGINT NOT NULL,
    PRIMARY KEY (scheme, batch)
);

-- Grain: scheme x batch x window x rollout x release x arm x segment x bin (-1: no value, -2: number not finite).
-- Everything is a DELTA of that batch: negative for what a restatement took away. Sums are of integer codes, the fixed
-- point of the scheme. Of the words of a text, bin -3 counts the texts.
CREATE TABLE profile_bins (
    scheme VARCHAR NOT NULL,
    batch BIGINT NOT NULL,
    window_start TIMESTAMPTZ NOT NULL,
    rollout VARCHAR NOT NULL,
    release VARCHAR NOT NULL,
    arm VARCHAR NOT NULL,
    segment VARCHAR NOT NULL,
    bin INTEGER NOT NULL,
    items BIGINT NOT NULL,
    total HUGEINT NOT NULL,
    total_squares HUGEINT NOT NULL
);
