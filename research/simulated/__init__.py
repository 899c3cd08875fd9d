"""Simulated answers of the three arms, with known true accuracies."""
