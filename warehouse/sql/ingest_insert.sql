-- Lets accepted and restated rows into the event table.
-- $batch, $source, $now (time of reading, UTC). Composed in: the event table and its columns.
INSERT INTO {events} BY NAME
SELECT {columns}, s.attributes, $now AS arrived_at, $batch AS batch, s.position, $source AS source,
       f.revision, CASE WHEN f.is_closed THEN $batch END AS closed_by, s.digest
FROM staged s JOIN fates f USING (position)
WHERE f.fate <> 'duplicate'
