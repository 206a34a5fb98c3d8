"""The stock and its history, the runs that fill it, and the two fixed names: the function and the command."""
