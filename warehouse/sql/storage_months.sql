-- Rows by month of occurrence, in order. Grain: month ("2026-03", UTC). Composed in: the event table.
SELECT strftime(occurred_at, '%Y-%m') AS month, count(*) FROM {events} GROUP BY month ORDER BY month
