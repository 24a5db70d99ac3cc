-- Grain: (cell x) code of a number. code NULL: rows without a value, and rows whose code does not fit two bytes; `filled`
-- are the latter. Code -32768 is made of 32767.5, too: it is looked at again. $scale, $offset: of the code, where composed in. Composed in: cell, code, counts and rows.
-- With one cell the engine counts in an array of all 65,536 codes, without hashing.
SELECT {cell}TRY_CAST({code} AS SMALLINT) AS _code, {items} AS _items, {filled} AS _filled
FROM {rows}
GROUP BY {cell_key}_code
