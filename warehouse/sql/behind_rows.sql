-- The newest rows of a span and a slice. Grain: row; at most $limit. $start <= occurred_at < $end (UTC). Composed in: the
-- table, which rows of it count, the columns that are shown as texts of at most $most characters (checked identifiers),
-- and what the metric makes of the row (`warehouse.measures`): whether it is inside, and its value in millionths.
SELECT count(*) OVER () AS found, count(*) FILTER (_in_0) OVER () AS found_inside, _in_0, _value_0, {texts}
FROM (SELECT *, {measures} FROM {table} WHERE {current} AND occurred_at >= $start AND occurred_at < $end AND {scope})
ORDER BY _in_0 DESC, occurred_at DESC, event_id LIMIT $limit
