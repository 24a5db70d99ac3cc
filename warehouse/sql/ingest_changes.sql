-- How many restated rows changed each column, against the revision that they supersede.
-- Grain: one line, one count per column. Must run before the old revisions are closed.
-- $start, $end: as for "stored". Composed in: the event table and the columns.
WITH before AS (
    SELECT f.position, {before_stored}
    FROM fates f JOIN {events} e ON e.event_id = f.event_id AND e.closed_by IS NULL
    WHERE f.fate = 'restated' AND f.prior IS NULL AND e.occurred_at >= $start AND e.occurred_at < $end
    UNION ALL
    SELECT f.position, {before_staged}
    FROM fates f JOIN staged e ON e.position = f.prior
    WHERE f.fate = 'restated'
)
SELECT {changes} FROM before b JOIN staged s USING (position)
