"""Random and mutated input for every reader and parser; see `__main__`."""
