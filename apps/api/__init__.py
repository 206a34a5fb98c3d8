"""The same use cases over HTTP, for other programs."""
