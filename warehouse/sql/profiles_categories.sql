-- Grain: (cell x) bin of a text or truth: the place of the value in $values, after the last for others, -1 for none.
-- Composed in: cell, column, counts and rows.
SELECT {cell}CASE WHEN _value IS NULL THEN -1 ELSE coalesce(list_position($values::VARCHAR[], _value), $last::INTEGER) - 1
           END AS _bin,
       sum(_items)::BIGINT AS _items
FROM (SELECT {cell}{value}::VARCHAR AS _value, {items} AS _items FROM {rows} GROUP BY {cell_key}_value)
GROUP BY {cell_key}_bin
