-- How often rows or raw text were taken out of the embedded file. Grain: one line.
SELECT (SELECT count(*) FROM erasures) AS erasures,
       (SELECT count(*) FROM retention_log WHERE what IN ('events', 'raw_text') AND rows > 0) AS removals
