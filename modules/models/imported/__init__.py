"""Models that are there already, made into models of this pipeline."""
