"""Where a person can try shoes with a coach."""
