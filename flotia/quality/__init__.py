"""The quality of a stock: whether its rows make sense, repeat each other, vary, and look like the Spanish market."""
