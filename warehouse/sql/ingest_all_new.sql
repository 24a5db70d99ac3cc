-- What becomes of each readable row when every key is new: it is accepted.
-- Grain: one readable row of the file.
CREATE OR REPLACE TEMP VIEW fates AS
SELECT position, event_id, occurred_at, 'accepted' AS fate, NULL::BIGINT AS prior, 1::INTEGER AS revision,
       false AS is_closed
FROM readable
