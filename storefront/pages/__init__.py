"""Home, display settings, and answers for machines."""
