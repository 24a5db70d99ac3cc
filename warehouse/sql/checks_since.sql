-- Grain: one stream: how many suites were carried out in ($since, $until], both UTC.
SELECT stream, count(*) AS runs FROM check_runs
WHERE checked_at > $since AND checked_at <= $until
GROUP BY stream ORDER BY stream
