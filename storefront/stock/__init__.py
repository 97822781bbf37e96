"""How many shoes there are, who holds them, and why the number is what it is."""
