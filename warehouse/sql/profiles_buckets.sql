-- Grain: (cell x) bucket of 4,096 of a hashed value; `filled` are the rows that have a value.
-- Composed in: cell, column, counts and rows.
SELECT {cell}(hash({value}) >> 52)::USMALLINT AS _bin, {items} AS _items, {filled} AS _filled
FROM {rows}
GROUP BY {cell_key}_bin
