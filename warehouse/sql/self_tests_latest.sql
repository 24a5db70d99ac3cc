-- Grain: the newest self-test of each gate under each of its configurations; of several at one moment, the last kept.
SELECT gate, config_digest, max(tested_at), last(outcome ORDER BY tested_at, rowid),
       last(detail ORDER BY tested_at, rowid)
FROM self_tests GROUP BY gate, config_digest ORDER BY gate, config_digest
