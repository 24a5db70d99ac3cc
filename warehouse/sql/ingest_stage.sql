-- Rows of one chunk (the Arrow table "incoming"), mapped, typed and judged, into the temporary table "staged".
-- Grain: one row of the source. A row with a reason is kept out; its columns do not matter then.
-- Composed in: names of columns (checked identifiers) and their expressions; every value is bound.
-- $now: time of reading (UTC). Others: places, constants, limits and choices from the configuration.
INSERT INTO staged BY NAME
WITH pulled AS (
    SELECT position, {row} AS raw FROM incoming
),
looked_into AS (
    SELECT position, raw, starts_with(ltrim(raw, E' \t\r\n'), '{{') AS is_object, {extracts}
    FROM pulled WHERE json_valid(raw)
),
valued AS (
    SELECT position, raw, is_object, {values},
           {attributes} AS attributes,
           {twice} AS twice
    FROM looked_into
),
in_types AS (
    SELECT *, {types} FROM valued
),
judged AS (
    SELECT *, CASE
        WHEN NOT is_object THEN 'not_an_object' || chr(31)
            || 'a row must be an object; this one is JSON of type ' || json_type(raw)
        WHEN twice IS NOT NULL THEN 'duplicate_key' || chr(31)
            || 'an object names the key ' || to_json(left(twice, 80))::VARCHAR || ' more than once, so its value is not known'
        {rules}
        END AS fault
    FROM in_types
)
SELECT position,
       CASE WHEN fault IS NOT NULL THEN split_part(fault, chr(31), 1) END AS reason,
       CASE WHEN fault IS NOT NULL THEN substr(fault, instr(fault, chr(31)) + 1) END AS detail,
       CASE WHEN fault IS NOT NULL THEN left(rtrim(raw, chr(10) || chr(13)), 2000) END AS raw,
       CASE WHEN fault IS NOT NULL THEN strlen(rtrim(raw, chr(10) || chr(13))) END AS raw_bytes,
       CASE WHEN fault IS NULL THEN md5(concat({digests})) END AS digest,
       {flags} AS flags,
       CAST(attributes AS JSON) AS attributes,
       {columns}
FROM judged
