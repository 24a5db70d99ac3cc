"""Deciding about reviews: which rows people get, who may label what, and how far people agree."""
