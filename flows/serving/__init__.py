"""`gatehold up`: Prefect's server, a worker and the board as one tree of processes that begins and ends together."""
