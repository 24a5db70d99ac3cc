"""The demo: simulated traffic of one support agent, and the script of what goes wrong when."""
