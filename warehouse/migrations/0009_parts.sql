-- Parts of releases: which versions of model, prompt, tools, agent and judge the rows name, and which of them evidence
-- rests on.

-- Grain: stream x batch x batch that closed the rows (NULL: they are current) x rollout x release x arm x column that
-- names a part x value ('' where rows name none). Counts in rows, times of occurrence in UTC. Missing release or arm: ''.
CREATE TABLE batch_parts (
    stream VARCHAR NOT NULL,
    batch BIGINT NOT NULL,
    closed_by BIGINT,
    rollout VARCHAR NOT NULL,
    release VARCHAR NOT NULL,
    arm VARCHAR NOT NULL,
    part VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    rows BIGINT NOT NULL,
    first_at TIMESTAMPTZ NOT NULL,
    last_at TIMESTAMPTZ NOT NULL
);

-- Grain: stream x batch whose rows are in batch_parts.
CREATE TABLE batches_parted (
    stream VARCHAR NOT NULL,
    batch BIGINT NOT NULL,
    PRIMARY KEY (stream, batch)
);

-- The values of the parts that the epoch's gate depends on, as JSON; '' where that was not written down.
ALTER TABLE epochs ADD COLUMN parts VARCHAR DEFAULT '';
