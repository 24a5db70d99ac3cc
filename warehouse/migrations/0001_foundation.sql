-- Foundation: ledger of batches, quarantine, cells, units of evidence, evidence ledger, findings.
-- Event tables (events_<stream>) are made from the stream's declaration when a stream is first used.
-- Times are TIMESTAMPTZ in UTC; values are integers in millionths, so that every sum is exact in any order.

CREATE SEQUENCE batch_seq START 1;

-- Grain: one attempt at one file of one source that brought something (or an unreadable file).
CREATE TABLE batches (
    batch BIGINT PRIMARY KEY,
    source VARCHAR NOT NULL,
    stream VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    content_digest VARCHAR NOT NULL,
    mapping_digest VARCHAR NOT NULL,
    arrived_at TIMESTAMPTZ NOT NULL,
    received BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    duplicate BIGINT NOT NULL,
    restated BIGINT NOT NULL,
    quarantined BIGINT NOT NULL,
    late BIGINT NOT NULL,
    first_at TIMESTAMPTZ,
    last_at TIMESTAMPTZ,
    restated_columns JSON NOT NULL,
    reasons JSON NOT NULL,
    flagged JSON NOT NULL,
    error VARCHAR,
    CHECK (received = accepted + duplicate + restated + quarantined)
);

-- Grain: one file of one source: what of it has been read (the cursor).
CREATE TABLE cursors (
    source VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    content_digest VARCHAR NOT NULL,
    mapping_digest VARCHAR NOT NULL,
    bytes BIGINT NOT NULL,
    batch BIGINT NOT NULL,
    PRIMARY KEY (source, file)
);

-- Grain: one file of one source as it was when last read; spares reading it again. changed_ns: nanoseconds since 1970,
-- NULL when the change was too recent to be trusted.
CREATE TABLE sightings (
    source VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    mapping_digest VARCHAR NOT NULL,
    bytes BIGINT NOT NULL,
    changed_ns BIGINT,
    batch BIGINT NOT NULL,
    PRIMARY KEY (source, file)
);

-- Grain: one poll of one source.
CREATE TABLE polls (
    source VARCHAR NOT NULL,
    stream VARCHAR NOT NULL,
    polled_at TIMESTAMPTZ NOT NULL,
    lateness_seconds BIGINT NOT NULL,
    batches BIGINT NOT NULL,
    degraded VARCHAR
);

-- Grain: one batch x window of occurrence: what the batch brought for that window.
CREATE TABLE window_counts (
    batch BIGINT NOT NULL,
    source VARCHAR NOT NULL,
    stream VARCHAR NOT NULL,
    window_start TIMESTAMPTZ NOT NULL,
    accepted BIGINT NOT NULL,
    restated BIGINT NOT NULL,
    late BIGINT NOT NULL
);

-- Grain: one row that was not let in. raw is bounded to 2,000 characters.
CREATE TABLE quarantine (
    batch BIGINT NOT NULL,
    source VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    raw VARCHAR NOT NULL,
    raw_bytes BIGINT NOT NULL
);

-- Grain: one metric digest x batch that has been summarised (idempotence of cells and backfill).
CREATE TABLE summarised (
    metric_digest VARCHAR NOT NULL,
    metric VARCHAR NOT NULL,
    batch BIGINT NOT NULL,
    PRIMARY KEY (metric_digest, batch)
);

-- Grain: metric x batch x window x rollout x release x arm x segment; counts and sums are DELTAS of that batch,
-- so the state as of a batch is the sum over batches up to it. Values in millionths.
CREATE TABLE cells (
    metric_digest VARCHAR NOT NULL,
    batch BIGINT NOT NULL,
    window_start TIMESTAMPTZ NOT NULL,
    rollout VARCHAR NOT NULL,
    release VARCHAR NOT NULL,
    arm VARCHAR NOT NULL,
    segment VARCHAR NOT NULL,
    items BIGINT NOT NULL,
    unscored BIGINT NOT NULL,
    total HUGEINT NOT NULL,
    total_squares HUGEINT NOT NULL
);

-- Grain: as cells x one value of a unit of evidence; `units` is a delta. Values in millionths.
CREATE TABLE units (
    metric_digest VARCHAR NOT NULL,
    batch BIGINT NOT NULL,
    window_start TIMESTAMPTZ NOT NULL,
    rollout VARCHAR NOT NULL,
    release VARCHAR NOT NULL,
    arm VARCHAR NOT NULL,
    segment VARCHAR NOT NULL,
    low BIGINT NOT NULL,
    high BIGINT NOT NULL,
    scored BOOLEAN NOT NULL,
    units BIGINT NOT NULL
);

-- Grain: as cells x one bin of a histogram metric; `items` is a delta.
CREATE TABLE bins (
    metric_digest VARCHAR NOT NULL,
    batch BIGINT NOT NULL,
    window_start TIMESTAMPTZ NOT NULL,
    rollout VARCHAR NOT NULL,
    release VARCHAR NOT NULL,
    arm VARCHAR NOT NULL,
    segment VARCHAR NOT NULL,
    bin INTEGER NOT NULL,
    items BIGINT NOT NULL
);

-- Grain: one epoch of one gate.
CREATE TABLE epochs (
    epoch VARCHAR PRIMARY KEY,
    gate VARCHAR NOT NULL,
    rollout VARCHAR NOT NULL,
    release VARCHAR NOT NULL,
    config_digest VARCHAR NOT NULL,
    first_window TIMESTAMPTZ NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    folded_through TIMESTAMPTZ NOT NULL,
    corrects VARCHAR,
    closed_at TIMESTAMPTZ,
    close_reason VARCHAR,
    windows BIGINT,
    opened_for VARCHAR NOT NULL
);

-- Grain: one folded window of one epoch. Append-only.
CREATE TABLE evidence (
    epoch VARCHAR NOT NULL,
    window_start TIMESTAMPTZ NOT NULL,
    window_end TIMESTAMPTZ NOT NULL,
    units BIGINT NOT NULL,
    scored_units BIGINT NOT NULL,
    total_low HUGEINT NOT NULL,
    total_high HUGEINT NOT NULL,
    breach_growth DOUBLE[] NOT NULL,
    pass_growth DOUBLE[] NOT NULL,
    through_batch BIGINT NOT NULL,
    source_digest VARCHAR NOT NULL,
    folded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (epoch, window_start)
);

-- Grain: one rollout x one run: what it was allowed, and until when.
CREATE TABLE standings (
    rollout VARCHAR NOT NULL,
    at_time TIMESTAMPTZ NOT NULL,
    valid_until TIMESTAMPTZ NOT NULL,
    standing VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    binding VARCHAR,
    PRIMARY KEY (rollout, at_time)
);

-- Grain: one gate x one run: what it said; estimate in the metric's unit.
CREATE TABLE verdicts (
    rollout VARCHAR NOT NULL,
    gate VARCHAR NOT NULL,
    at_time TIMESTAMPTZ NOT NULL,
    outcome VARCHAR NOT NULL,
    estimate DOUBLE,
    units BIGINT NOT NULL,
    release VARCHAR,
    PRIMARY KEY (rollout, gate, at_time)
);

-- Grain: one carrying out of a suite of expectations over the new rows of one stream.
CREATE TABLE check_runs (
    stream VARCHAR NOT NULL,
    first_batch BIGINT NOT NULL,
    last_batch BIGINT NOT NULL,
    checked_at TIMESTAMPTZ NOT NULL,
    passed BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    errored BIGINT NOT NULL,
    no_data BIGINT NOT NULL
);

-- Grain: one thing a data check saw in one run.
CREATE TABLE findings (
    found_at TIMESTAMPTZ NOT NULL,
    kind VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    stream VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    observed VARCHAR NOT NULL,
    expected VARCHAR NOT NULL,
    batch BIGINT,
    seen_at TIMESTAMPTZ
);
