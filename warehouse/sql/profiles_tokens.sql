-- Grain: (cell x) bucket of 1,024 of a hashed word: texts that hold such a word, each once; -3: all texts; -1: none.
-- Texts of scripts that put no spaces between words (three bytes a character) go by characters.
-- Composed in: cell, the text (its beginning), sign and rows.
SELECT {cell}_bin, sum(_sign)::BIGINT AS _items
FROM (
    SELECT {cell}{sign} AS _sign, unnest(list_append(list_distinct(list_transform(
               list_filter(
                   CASE WHEN strlen({value}) > 2 * length({value}) THEN string_split({value}, '')
                        ELSE string_split(translate(lower({value}), '.,;:!?()[]"''' || chr(9) || chr(10) || chr(13),
                                                    '            ' || '   '), ' ')
                   END, lambda word: word <> ''),
               lambda word: (hash(word) >> 54)::INTEGER)), -3)) AS _bin
    FROM {rows}
    WHERE {value} IS NOT NULL
    UNION ALL
    SELECT {cell}{sign} AS _sign, -1 AS _bin FROM {rows} WHERE {value} IS NULL
)
GROUP BY {cell_key}_bin
