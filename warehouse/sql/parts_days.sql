-- Days of occurrence (UTC) with their rows, all revisions. Grain: one day. Composed in: the event table.
SELECT occurred_at::DATE AS day, count(*) AS rows FROM {events} GROUP BY day ORDER BY day
