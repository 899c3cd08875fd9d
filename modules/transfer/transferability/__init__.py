"""Estimates, before any training on the target, of what a transfer will be worth."""
