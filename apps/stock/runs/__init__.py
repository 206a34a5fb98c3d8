"""Runs: begun, carried out, told of, and published."""
