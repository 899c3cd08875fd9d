"""Data that arrive in spans: a folder for each, by number or by date, as TFX has it."""
