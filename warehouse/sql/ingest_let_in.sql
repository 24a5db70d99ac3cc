-- Rows of one chunk, judged, straight into the event table as new ones; those with a fault are handed to "kept_out".
-- Grain: one row of the source. $batch, $source, $now (time of reading, UTC). Composed in: the event table, the judged
-- rows and their columns, and a number whose bits say which texts a row lacks. It is handed to "lacking", which is true:
-- once the texts are stored it would take reading them.
INSERT INTO {events} BY NAME
{judged}SELECT position, {digest} AS digest, CAST(attributes AS JSON) AS attributes, $now AS arrived_at,
       $batch::BIGINT AS batch, $source::VARCHAR AS source, 1::INTEGER AS revision, NULL::BIGINT AS closed_by,
       {columns}
FROM judged
WHERE CASE WHEN _fault IS NULL THEN lacking({lacks}) ELSE kept_out(position, _raw) END
