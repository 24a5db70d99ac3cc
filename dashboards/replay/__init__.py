"""The page of differences between what was decided and what another policy would have decided."""
