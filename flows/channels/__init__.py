"""Channels: how people hear of it. One port; each format and each way of sending has a file of its own."""
