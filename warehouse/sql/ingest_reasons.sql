-- How many rows were kept out, by reason.
-- Grain: one reason.
SELECT reason, count(*) FROM staged WHERE reason IS NOT NULL GROUP BY reason ORDER BY reason
