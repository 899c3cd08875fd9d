"""Images that occur more than once: exact copies, and copies that were re-encoded or resized."""
