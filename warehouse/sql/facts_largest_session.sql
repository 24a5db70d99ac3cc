-- The most rows that one session has in a span, of one slice and a condition; NULL without any session.
-- $start, $end: half-open span (UTC); $through: batch or NULL. Composed in: the event table and the condition.
SELECT max(rows)
FROM (
    SELECT count(*) AS rows FROM {events}
    WHERE occurred_at >= $start AND occurred_at < $end AND session_id IS NOT NULL AND {condition} AND {scope} AND {known}
    GROUP BY session_id
)
