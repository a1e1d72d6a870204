"""Measurements, each one command: `python -m benchmarks.alone`, or `make bench` for all."""
