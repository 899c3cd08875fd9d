"""Several targets of one source: their configuration, and the run that branches for each."""
