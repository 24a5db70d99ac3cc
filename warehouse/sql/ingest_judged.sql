-- Fragment: rows of one chunk (the Arrow table "incoming"), mapped, typed and judged.
-- Grain: one row of the source. A row with a fault is kept out; its columns do not matter then.
-- Composed in: names of columns (checked identifiers, which begin with a letter: names of ours begin with "_") and
-- their expressions; every value is bound. _shape is the number of the row's shape, NULL for one that is not known.
-- $now: time of reading (UTC); $keyed: the objects whose keys are looked at; $texts, $jsons: places of values; $tree: the
-- fields of rows of a known shape with their types. Others: shapes, constants, limits and choices.
WITH pulled AS (
    SELECT position, {row} AS _raw FROM incoming
),
keyed AS (
    -- A row that is no JSON has no keys. What is random is looked at once: without it the store would move the test below
    -- into the scan and look for the keys of each row twice.
    SELECT position, _raw, CASE WHEN random() < 2 THEN TRY(json_keys(_raw, $keyed::VARCHAR[])) END AS _keys FROM pulled
),
shaped AS (
    SELECT *, {shape} AS _shape FROM keyed WHERE {is_json}
),
looked_into AS (
    SELECT *, {fields} AS _fields,
           CASE WHEN _shape IS NULL THEN json_extract_string(_raw, $texts::VARCHAR[]) END AS _texts,
           CASE WHEN _shape IS NULL THEN json_extract(_raw, $jsons::VARCHAR[]) END AS _jsons
    FROM shaped
),
placed AS (
    SELECT position, _raw, _keys, _shape, {places} FROM looked_into
),
valued AS (
    SELECT position, _raw, _shape IS NOT NULL OR starts_with(ltrim(_raw, E' \t\r\n'), '{{') AS _is_object, {values},
           {attributes} AS attributes,
           CASE WHEN _shape IS NULL THEN {twice} END AS _twice
    FROM placed
),
in_types AS (
    SELECT *, {types} FROM valued
),
judged AS (
    SELECT *, CASE
        WHEN NOT _is_object THEN 'not_an_object' || chr(31)
            || 'a row must be an object; this one is JSON of type ' || json_type(_raw)
        WHEN _twice IS NOT NULL THEN 'duplicate_key' || chr(31)
            || 'an object names the key ' || to_json(left(_twice, 80))::VARCHAR || ' more than once, so its value is not known'
        {rules}
        END AS _fault
    FROM in_types
)
