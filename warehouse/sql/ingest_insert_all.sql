-- Lets the rows of a file into the event table when all of them are new.
-- $batch, $source, $now (time of reading, UTC). Composed in: the event table and its columns.
INSERT INTO {events} BY NAME
SELECT {columns}, s.attributes, $now AS arrived_at, $batch AS batch, s.position, $source AS source,
       1 AS revision, NULL::BIGINT AS closed_by, s.digest
FROM staged s
