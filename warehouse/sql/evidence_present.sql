-- The first window among $starts (times) that the epoch has a row for already.
SELECT min(window_start) FROM evidence
WHERE epoch = $epoch AND window_start IN (SELECT unnest($starts::TIMESTAMPTZ[]))
