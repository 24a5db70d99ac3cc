-- Append the registered rows "folded_rows" to the evidence. Grain: epoch x window. Growths are doubles, kept bit for bit.
INSERT INTO evidence BY NAME
SELECT * REPLACE (total_low::HUGEINT AS total_low, total_high::HUGEINT AS total_high) FROM folded_rows
