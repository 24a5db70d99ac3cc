"""Alerts: when somebody has to be told, of what, and by which channel; pure, from the log, the outbox and the time."""
