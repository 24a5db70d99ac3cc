"""What a run of the monitor costs when an hour of new rows comes into a year of history."""
