-- Fragment: the rows of one stream in the lake as the embedded file has them, closed_by included.
-- Composed in: the event table and the table of closings (checked names).
SELECT event.*, closing.closed_by
FROM lake.{events} AS event LEFT JOIN lake.{closings} AS closing
  ON closing.batch = event.batch AND closing.position = event.position
