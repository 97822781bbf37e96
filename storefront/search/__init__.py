"""What is found by words: an index that the rooms above write to."""
