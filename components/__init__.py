"""TFX components of warmstart: one folder each, with component.py (spec) and executor.py (logic)."""
