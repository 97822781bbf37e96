"""The demonstration shop."""
