-- What the file brought in all, read back from the temporary tables.
-- Grain: one line. $watermark: time up to which the source was complete before, NULL when it was never polled.
SELECT (SELECT count(*) FROM staged) AS received,
       count(*) FILTER (fate = 'accepted') AS accepted,
       count(*) FILTER (fate = 'duplicate') AS duplicate,
       count(*) FILTER (fate = 'restated') AS restated,
       (SELECT count(*) FROM staged WHERE _reason IS NOT NULL) AS quarantined,
       count(*) FILTER (fate = 'accepted' AND occurred_at < $watermark::TIMESTAMPTZ) AS late,
       min(occurred_at) FILTER (fate <> 'duplicate') AS first_at,
       max(occurred_at) FILTER (fate <> 'duplicate') AS last_at
FROM fates
