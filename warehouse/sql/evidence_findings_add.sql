-- Add the registered rows "found_rows" to the findings. Grain: one thing seen in one run.
INSERT INTO findings BY NAME SELECT * FROM found_rows
