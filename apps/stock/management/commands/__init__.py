"""Commands of the stock."""
