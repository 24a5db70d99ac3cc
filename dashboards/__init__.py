"""Dashboards show: pages for people who look rather than read."""
