"""What people may do to a rollout: one file an act, each a pure decision with a code and a sentence for a refusal."""
