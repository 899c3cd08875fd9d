"""Networks: built from code by name, or restored from a saved graph."""
