"""What shoppers send back: asked for, received, and settled with money or another size."""
