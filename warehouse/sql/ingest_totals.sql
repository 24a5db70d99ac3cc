-- What the file brought in all, read back from the temporary tables.
-- Grain: one line. $watermark: time up to which the source was complete before, NULL when it was never polled.
SELECT (SELECT count(*) FROM staged) AS received,
       count(*) FILTER (f.fate = 'accepted') AS accepted,
       count(*) FILTER (f.fate = 'duplicate') AS duplicate,
       count(*) FILTER (f.fate = 'restated') AS restated,
       (SELECT count(*) FROM staged WHERE _reason IS NOT NULL) AS quarantined,
       count(*) FILTER (f.fate = 'accepted' AND s.occurred_at < $watermark::TIMESTAMPTZ) AS late,
       min(s.occurred_at) FILTER (f.fate <> 'duplicate') AS first_at,
       max(s.occurred_at) FILTER (f.fate <> 'duplicate') AS last_at
FROM fates f JOIN staged s USING (position)
