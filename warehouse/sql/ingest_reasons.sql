-- How many rows were kept out, by reason.
-- Grain: one reason.
SELECT _reason, count(*) FROM staged WHERE _reason IS NOT NULL GROUP BY _reason ORDER BY _reason
