"""Gates: what each one says of its evidence, and what they say together of a rollout."""
