"""What a year of windows costs: cells of 30 metrics and their roll-ups, over one bare sum of every column."""
