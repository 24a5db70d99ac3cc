-- What people's labels say of a judge. Grain: judge version x rubric version x segment x in time x value of the unit.
-- A unit is a session, or an item by itself where the row names none: verdicts within one depend on each other. It
-- belongs to the segment of its first row. Values are agreement in millionths; a verdict that could not be read counts
-- as 0 in low and as 1000000 in high, rounded half up. $now: later rows do not count. $since: rows before it are not in
-- time (NULL: all are). $rollout, $release, $arm, $segment: the slice; $through: batch or NULL.
-- Composed in: the event table, the measure of the metric, checked names of columns. No column begins with underscore.
WITH judged AS (
    SELECT coalesce({version}, '') AS _version, coalesce({rubric}, '') AS _rubric, coalesce(segment, '') AS _segment,
           ($since::TIMESTAMPTZ IS NULL OR occurred_at >= $since::TIMESTAMPTZ) AS _in_time,
           nullif(session_id, '') AS _session, coalesce(nullif({item}, ''), event_id) AS _item,
           occurred_at AS _at, event_id AS _key,
           {measures}
    FROM {events}
    WHERE occurred_at <= $now::TIMESTAMPTZ AND {scope} AND {known}
),
unit AS (
    SELECT _version AS version, _rubric AS rubric, arg_min(_segment, (_at, _key)) AS segment, _in_time AS in_time,
           max(_at) AS newest, count(*) AS items, coalesce(sum(_value_0), 0)::HUGEINT AS total,
           count(*) FILTER (_value_0 IS NULL) AS missing,
           count(DISTINCT _item) FILTER (_value_0 IS NOT NULL) AS labels,
           count(DISTINCT _item) AS seen
    FROM judged
    WHERE _in_0
    GROUP BY _version, _rubric, _in_time, _session, CASE WHEN _session IS NULL THEN _item END
)
SELECT version, rubric, segment, in_time,
       ((2 * total + items) // (2 * items))::BIGINT AS low,
       ((2 * (total + missing * $one::HUGEINT) + items) // (2 * items))::BIGINT AS high,
       count(*) AS units, sum(labels)::BIGINT AS labels, sum(seen - labels)::BIGINT AS unreadable,
       max(newest) AS newest
FROM unit
GROUP BY ALL
ORDER BY ALL
