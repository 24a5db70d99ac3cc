-- Backfills: what one that computes everything again has still to do, so that it goes on where it was killed.

-- Grain: one request to compute again x metric digest x batch that has not been computed again yet. request: digest of
-- what was asked for. A pair leaves in the transaction that writes its deltas anew.
CREATE TABLE backfill_todo (
    request VARCHAR NOT NULL,
    metric_digest VARCHAR NOT NULL,
    batch BIGINT NOT NULL,
    PRIMARY KEY (request, metric_digest, batch)
);
