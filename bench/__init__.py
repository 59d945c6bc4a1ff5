"""Measurements: `python -m bench` (or `make bench`) prints a table for each."""
