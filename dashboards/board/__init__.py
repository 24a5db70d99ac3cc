"""The board: pages for people over what the last run published, and the acts that they may do there."""
