-- Grain: the one pin of a gate ($gate, "rollout/name") under one configuration ($digest).
SELECT gate, config_digest, pinned_at, through_batch, body FROM pins WHERE gate = $gate AND config_digest = $digest
