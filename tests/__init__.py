"""Tests mirror the tree: engine, apps, acceptance (the fixed names, end to end), and their doubles."""
