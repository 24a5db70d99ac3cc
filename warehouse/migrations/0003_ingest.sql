-- Ingest at volume: where ids of old rows are to be found, and facts of rows summed by batch.

-- Grain: one file of the index of ids of one stream: sorted keys of ids with the day of the row. Ids that are in no
-- file are new. ids: entries of the file.
CREATE TABLE id_runs (
    stream VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    ids BIGINT NOT NULL,
    PRIMARY KEY (stream, file)
);

-- Grain: one content of a source: its size in bytes. Content of a size that was never seen is new.
CREATE TABLE contents (
    batch BIGINT PRIMARY KEY,
    bytes BIGINT NOT NULL
);

-- Grain: stream x batch whose rows are in batch_rows.
CREATE TABLE batches_summed (
    stream VARCHAR NOT NULL,
    batch BIGINT NOT NULL,
    PRIMARY KEY (stream, batch)
);

-- Grain: stream x batch x batch that closed the rows (NULL: they are current) x rollout x release x arm x simulated.
-- Counts in rows, times of occurrence in UTC. A missing release or arm is ''.
CREATE TABLE batch_rows (
    stream VARCHAR NOT NULL,
    batch BIGINT NOT NULL,
    closed_by BIGINT,
    rollout VARCHAR NOT NULL,
    release VARCHAR NOT NULL,
    arm VARCHAR NOT NULL,
    simulated BOOLEAN NOT NULL,
    rows BIGINT NOT NULL,
    first_at TIMESTAMPTZ NOT NULL,
    last_at TIMESTAMPTZ NOT NULL
);
