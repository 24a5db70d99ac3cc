-- Which versions of a judge scored the newest rows of one slice. Grain: judge version x segment.
-- $now: later rows do not count; $span: microseconds before the newest row that are looked at; $since: nor do rows
-- before it (NULL: no bound); $through: batch or NULL; $rollout, $release, $arm, $segment: the slice. Rows outside the metric and rows without a value were not judged.
-- Composed in: the event table, the measure of the metric, a checked name. No column begins with an underscore.
WITH newest AS (
    SELECT max(occurred_at) AS newest_at
    FROM {events}
    WHERE occurred_at <= $now::TIMESTAMPTZ AND {scope} AND {known}
),
judged AS (
    SELECT coalesce({version}, '') AS _version, coalesce(segment, '') AS _segment,
           {measures}
    FROM {events}
    WHERE occurred_at <= $now::TIMESTAMPTZ
          AND occurred_at > (SELECT newest_at - to_microseconds($span::BIGINT) FROM newest)
          AND ($since::TIMESTAMPTZ IS NULL OR occurred_at >= $since::TIMESTAMPTZ)
          AND {scope} AND {known}
)
SELECT _version, _segment, count(*) AS rows
FROM judged
WHERE _in_0 AND _value_0 IS NOT NULL
GROUP BY ALL
ORDER BY ALL
