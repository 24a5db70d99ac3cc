-- Keeps out readable rows that occurred before rows are kept, without any text: their windows were counted, and they
-- would be counted twice. $bound (UTC). Composed in: the staging table.
UPDATE {staged} SET reason = 'beyond_retention',
       detail = 'occurred before ' || CAST($bound::TIMESTAMPTZ AS VARCHAR) || ', and older rows are no longer kept',
       raw = '', raw_bytes = 0, attributes = NULL
WHERE reason IS NULL AND occurred_at < $bound
