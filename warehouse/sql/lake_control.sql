-- What the lake knows of itself. gatehold_head: one row, the newest batch that was copied; every change of the lake
-- changes it, so that of two changes at the same time one fails and is done again; erasures, removals: how many of the
-- embedded file's it has followed, and when it last did (mended_at). gatehold_batches: one row per copied
-- batch, with what tells it from another warehouse's; digest: sum over its rows, in any order.
CREATE TABLE IF NOT EXISTS lake.gatehold_head (
    batch BIGINT, copied_at TIMESTAMPTZ, erasures BIGINT, removals BIGINT, mended_at TIMESTAMPTZ
);
CREATE TABLE IF NOT EXISTS lake.gatehold_batches (
    batch BIGINT, source VARCHAR, stream VARCHAR, file VARCHAR, content_digest VARCHAR, arrived_at TIMESTAMPTZ,
    rows BIGINT, digest VARCHAR, copied_at TIMESTAMPTZ
)
