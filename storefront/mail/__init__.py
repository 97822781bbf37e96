"""Letters that are due, and their sending."""
