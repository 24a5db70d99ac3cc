-- Batches of one stream that the embedded file and the lake do not hold alike. Grain: one batch. What was superseded
-- after the lake's newest batch counts as not superseded on either side. The hash is over every column.
-- $first, $last: batches, both ends; $head: newest batch of the lake. Composed in: the event table, its columns (checked
-- names), and the rows of the lake.
WITH embedded AS (
    SELECT batch, count(*) AS rows, sum(hash({columns}, CASE WHEN closed_by <= $head::BIGINT THEN closed_by END)) AS hash
    FROM {events} WHERE batch BETWEEN $first::BIGINT AND $last::BIGINT GROUP BY batch
),
lake AS (
    SELECT batch, count(*) AS rows, sum(hash({columns}, CASE WHEN closed_by <= $head::BIGINT THEN closed_by END)) AS hash
    FROM ({rows}) WHERE batch BETWEEN $first::BIGINT AND $last::BIGINT GROUP BY batch
)
SELECT batch, coalesce(embedded.rows, 0), coalesce(lake.rows, 0)
FROM embedded FULL JOIN lake USING (batch)
WHERE embedded.rows IS DISTINCT FROM lake.rows OR embedded.hash IS DISTINCT FROM lake.hash
ORDER BY batch
