"""The pages: what a person sees of the stock and of what makes it."""
