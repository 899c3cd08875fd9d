"""TFX components: one folder each, with component.py (spec) and executor.py (logic)."""
