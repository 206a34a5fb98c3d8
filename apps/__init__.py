"""Django apps: the engine made useful to a Django project."""
