"""Switches: how a decision reaches the system that rolls out. One port, one file an adapter."""
