-- How many rows were let in with a value outside its column's range or choices, by column.
-- Grain: one column.
SELECT flag, count(*)
FROM (SELECT unnest(s._flags) AS flag FROM staged s JOIN fates f USING (position) WHERE f.fate <> 'duplicate')
GROUP BY flag ORDER BY flag
