-- Rows of one chunk, judged, into the temporary table "staged".
-- Grain: one row of the source; one with a reason is kept out. Composed in: the judged rows and their columns.
INSERT INTO staged BY NAME
{judged}SELECT position,
       CASE WHEN _fault IS NOT NULL THEN split_part(_fault, chr(31), 1) END AS _reason,
       CASE WHEN _fault IS NOT NULL THEN {detail} END AS _detail,
       CASE WHEN _fault IS NOT NULL THEN left({raw}, 2000) END AS _raw,
       CASE WHEN _fault IS NOT NULL THEN strlen(rtrim(_raw, chr(10) || chr(13))) END AS _raw_bytes,
       {digest} AS digest,
       {flags} AS _flags,
       CAST(attributes AS JSON) AS attributes,
       {columns}
FROM judged
