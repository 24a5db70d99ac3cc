"""How long the gate endpoint takes to answer while a run of the monitor writes in another process."""
