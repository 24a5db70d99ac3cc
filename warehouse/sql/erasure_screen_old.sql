-- Keeps out readable rows that occurred before rows are kept, without any text: their windows were counted, and they
-- would be counted twice. $bound (UTC). Composed in: the staging table.
UPDATE {staged} SET _reason = 'beyond_retention',
       _detail = 'occurred before ' || CAST($bound::TIMESTAMPTZ AS VARCHAR) || ', and older rows are no longer kept',
       _raw = '', _raw_bytes = 0, attributes = NULL
WHERE _reason IS NULL AND occurred_at < $bound
