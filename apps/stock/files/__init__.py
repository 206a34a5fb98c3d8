"""The stock as files: written, read, downloaded."""
