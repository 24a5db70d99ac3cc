"""Recomputing cells, units and bins of a span of history: what there is to do, several readers and one writer."""
