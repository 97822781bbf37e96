"""What is sold: products, colors, variants, and the words for their stock."""
