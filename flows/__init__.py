"""Flows act: the monitoring story, the command line, switches and channels."""
