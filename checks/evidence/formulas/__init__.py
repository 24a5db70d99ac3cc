"""Closed forms beside the engine, for reports and for gates on two arms or few labels; no verdict rests on them yet."""
