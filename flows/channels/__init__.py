"""Channels: how people hear of it. One port, one text format, one file an adapter."""
