"""The board's routes: one file for each thing that people do there."""
