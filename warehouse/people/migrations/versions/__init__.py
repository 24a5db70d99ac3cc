"""One file a migration, named `vNNNN_what.py`; its revision is NNNN."""
