"""What was bought, by whom, and where it is."""
