"""A few-shot study: many trainings on one pair of domains, by method, shots and repeat."""
