"""The stock, looked through."""
