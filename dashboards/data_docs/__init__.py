"""The page of one stream's data checks: what is expected of its rows, and what was kept of the results."""
