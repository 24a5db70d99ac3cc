-- Grain: one subject. Its latest row up to $now decides: overdue when open and due before $now.
-- A row that does not say its status is open: nobody has said that it was closed. A row without a subject is a subject
-- of its own. $now: time (UTC); $through: batch or NULL.
SELECT coalesce(nullif(subject, ''), event_id) AS about, coalesce(coalesce(status, 'open') = 'open' AND due_at < $now, false) AS overdue
FROM {events}
WHERE occurred_at <= $now AND {condition} AND {scope} AND {known}
QUALIFY row_number() OVER (PARTITION BY about ORDER BY occurred_at DESC, event_id DESC) = 1
ORDER BY about
