"""TransferEvaluator: compares the arms on the target domain and blesses only a proven gain."""
