-- Grain: (cell x) scheme of some texts or truths (its place, from 0) x bin: the place of the value in the scheme's list
-- of $values, the scheme's $last for others, -1 for none. $groups: what grouping_id says where a column is grouped by.
-- Composed in: cell, columns, counts and rows. All columns are grouped in one pass over the rows.
SELECT {cell}_place, CASE WHEN _value IS NULL THEN -1
                          ELSE coalesce(list_position(($values::VARCHAR[][])[_place + 1], _value) - 1,
                                        ($last::INTEGER[])[_place + 1])
                     END AS _bin,
       sum(_items)::BIGINT AS _items
FROM (
    SELECT {cell}list_position($groups::BIGINT[], grouping_id({names})) - 1 AS _place, coalesce({names}) AS _value,
           {items} AS _items
    FROM (SELECT {cell}{sign} AS _sign, {columns} FROM {rows})
    GROUP BY GROUPING SETS ({sets})
)
GROUP BY {cell_key}_place, _bin
