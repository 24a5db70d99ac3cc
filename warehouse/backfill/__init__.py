"""Recomputing cells, units and bins of a span of history: what is to be done, done by several readers and one writer."""
