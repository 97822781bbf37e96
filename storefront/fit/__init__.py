"""Which shoes suit what somebody has measured and can do."""
