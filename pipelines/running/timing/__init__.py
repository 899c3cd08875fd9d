"""How long a run and its components take."""
