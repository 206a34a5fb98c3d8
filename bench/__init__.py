"""Measurements. Each compares both sides in one run, because machines are noisy; nothing imports from here."""
