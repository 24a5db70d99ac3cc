-- Grain: the newest self-test of each gate under each of its configurations.
SELECT gate, config_digest, max(tested_at), arg_max(outcome, tested_at), arg_max(detail, tested_at)
FROM self_tests GROUP BY gate, config_digest ORDER BY gate, config_digest
