"""What everything else rests on: errors, names, progress, hashes."""
