-- Let in the event rows of batches in ($after, $through], as they were known then: closed only by those. Composed in:
-- the event table (a checked name).
INSERT INTO {table} BY NAME
SELECT * REPLACE (CASE WHEN closed_by <= $through::BIGINT THEN closed_by END AS closed_by)
FROM history.{table}
WHERE batch > $after::BIGINT AND batch <= $through::BIGINT
