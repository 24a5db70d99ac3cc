-- Notes for each table how it was when it was published. $names, $forms, $newest, $digests: parallel lists.
INSERT INTO published.snapshot_tables
SELECT unnest($names::VARCHAR[]), unnest($forms::VARCHAR[]), unnest($newest::BIGINT[]), unnest($digests::VARCHAR[])
