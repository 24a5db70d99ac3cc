"""Frozen records that cross the borders between packages; the one part of the warehouse that checks may import."""
