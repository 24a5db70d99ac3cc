-- Keys that the file names more than once.
-- Grain: one key.
CREATE OR REPLACE TEMP TABLE often AS
SELECT event_id FROM readable GROUP BY event_id HAVING count(*) > 1
