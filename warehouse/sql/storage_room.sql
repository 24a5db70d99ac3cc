-- Bytes that the columns of one table take in the file. Grain: column. $table. A block shared by several segments counts
-- in equal parts; segments that hold one value take none.
WITH segments AS (
    SELECT column_name, unnest(list_append(additional_block_ids, block_id)) AS block
    FROM pragma_storage_info($table)
),
shared AS (
    SELECT column_name, block, 1.0 / count(*) OVER (PARTITION BY block) AS part FROM segments WHERE block >= 0
)
SELECT column_name, (sum(part) * (SELECT any_value(block_size) FROM pragma_database_size()))::BIGINT
FROM shared GROUP BY column_name
