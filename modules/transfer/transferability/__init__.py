"""Estimates of what a transfer will be worth, made before any training on the target."""
