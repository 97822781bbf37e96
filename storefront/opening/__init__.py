"""Opening the shop: its settings by form, and what must be there before shoppers come."""
