-- How many rows of quarantine are at hand. Grain: source x reason.
SELECT source, reason, count(*) FROM quarantine GROUP BY ALL ORDER BY ALL
