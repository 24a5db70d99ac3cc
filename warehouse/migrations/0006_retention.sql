-- Retention, erasure and what keeps sums true after rows have gone.

-- Grain: one removal by retention in one run. bound: what was older went; stream is '' where it has none.
CREATE TABLE retention_log (
    at_time TIMESTAMPTZ NOT NULL,
    what VARCHAR NOT NULL,
    stream VARCHAR NOT NULL,
    bound TIMESTAMPTZ NOT NULL,
    rows BIGINT NOT NULL
);

-- Grain: one kind of removal x stream: how far it is done. rules: what the removal depends on; when it changes, the
-- removal begins anew. Rows that occurred before the bound of "events" are not let in again.
CREATE TABLE retention_marks (
    what VARCHAR NOT NULL,
    stream VARCHAR NOT NULL,
    batch BIGINT NOT NULL,
    bound TIMESTAMPTZ NOT NULL,
    rules VARCHAR NOT NULL,
    PRIMARY KEY (what, stream)
);

-- Grain: one removal x stream x batch: rows of the batch that are gone. Its cells cannot be computed again from the rows.
CREATE TABLE removed_rows (
    stream VARCHAR NOT NULL,
    batch BIGINT NOT NULL,
    why VARCHAR NOT NULL,
    rows BIGINT NOT NULL
);

-- Grain: one session that lost some of its rows. Its unit of evidence stays as it was counted: seen again without those
-- rows it would come out different, and what is taken back must be what was counted.
CREATE TABLE sealed_sessions (
    stream VARCHAR NOT NULL,
    rollout VARCHAR NOT NULL,
    session_id VARCHAR NOT NULL
);

-- Grain: one value that was erased from one column of one stream, by its salted digest: rows with it are not let in again.
CREATE TABLE tombstones (
    stream VARCHAR NOT NULL,
    column_name VARCHAR NOT NULL,
    digest VARCHAR NOT NULL
);

-- Grain: one erasure. rows, kept: JSON, counts by stream; rollouts: JSON list. logged: whether the decision log has it.
CREATE TABLE erasures (
    erasure VARCHAR PRIMARY KEY,
    at_time TIMESTAMPTZ NOT NULL,
    by_whom VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    column_name VARCHAR NOT NULL,
    subject_digest VARCHAR NOT NULL,
    rows JSON NOT NULL,
    kept JSON NOT NULL,
    quarantined BIGINT NOT NULL,
    rollouts JSON NOT NULL,
    logged BOOLEAN NOT NULL
);

-- Grain: one random value made once for this store; never leaves it.
CREATE TABLE store_salts (
    name VARCHAR PRIMARY KEY,
    salt VARCHAR NOT NULL
);

-- Grain: one writing of the whole file anew, which leaves nothing of removed rows behind. Sizes in bytes.
CREATE TABLE rewritings (
    at_time TIMESTAMPTZ NOT NULL,
    bytes_before BIGINT NOT NULL,
    bytes_after BIGINT NOT NULL
);
