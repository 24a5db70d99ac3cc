"""How long pages of the board take with many readers while runs of the monitor write in another process."""
