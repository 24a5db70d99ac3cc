-- When small groups of rows were last merged (warehouse/merging.py). Grain: one merging. Times in UTC.
CREATE TABLE merges (
    merged_at TIMESTAMPTZ NOT NULL
);
