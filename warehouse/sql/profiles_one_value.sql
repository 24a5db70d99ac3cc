-- Grain: one value of one slice column in some rows; missing and empty ones are the same, so three rows are enough to
-- know whether there is a second one. Composed in: column and rows.
SELECT coalesce({column}, '') AS value FROM {rows} GROUP BY {column} LIMIT 3
