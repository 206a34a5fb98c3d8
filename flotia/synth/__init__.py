"""Seeded, coherent draws from the catalogue: what a vehicle is before, or without, any language model."""
