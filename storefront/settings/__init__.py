"""What the owner has chosen about the shop, by form or by the environment."""
