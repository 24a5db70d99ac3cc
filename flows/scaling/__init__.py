"""What goes beyond one machine, and only where it is configured: the lake beside the embedded file, workers on Dask."""
