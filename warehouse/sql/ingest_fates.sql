-- What becomes of each readable row: accepted, duplicate or restated, against what is stored and the rows before it.
-- Grain: one readable row of the file.
-- A key that comes more than once in one file makes a chain in file order: a row equal to the one before it is a
-- duplicate, a different one restates it, and the last is current. So no value is lost, not even between two lines.
-- prior: position of the row before it in the file with the same key; NULL when that is the stored one or none.
CREATE OR REPLACE TEMP TABLE fates AS
WITH chained AS (
    SELECT r.position, r.event_id, r.occurred_at, r.digest, NULL::BIGINT AS prior, NULL::VARCHAR AS digest_before
    FROM readable r ANTI JOIN often USING (event_id)
    UNION ALL
    SELECT position, event_id, occurred_at, digest, lag(position) OVER chain, lag(digest) OVER chain
    FROM readable SEMI JOIN often USING (event_id)
    WINDOW chain AS (PARTITION BY event_id ORDER BY position)
),
judged AS (
    SELECT c.position, c.event_id, c.occurred_at, c.prior, coalesce(s.revision, 0) AS stored_revision,
           CASE WHEN coalesce(c.digest_before, s.digest) IS NULL THEN 'accepted'
                WHEN coalesce(c.digest_before, s.digest) = c.digest THEN 'duplicate'
                ELSE 'restated' END AS fate
    FROM chained c LEFT JOIN stored s USING (event_id)
),
kept AS (
    SELECT j.position, stored_revision + row_number() OVER chain AS revision,
           row_number() OVER chain < count(*) OVER (PARTITION BY event_id) AS is_closed
    FROM judged j SEMI JOIN often USING (event_id) WHERE fate <> 'duplicate'
    WINDOW chain AS (PARTITION BY event_id ORDER BY position)
)
SELECT j.position, j.event_id, j.occurred_at, j.fate, j.prior,
       coalesce(k.revision, stored_revision + 1)::INTEGER AS revision,
       coalesce(k.is_closed, false) AS is_closed
FROM judged j LEFT JOIN kept k USING (position)
