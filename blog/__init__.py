"""Articles that lead to shoes: built onto the shop, which stands without it."""
