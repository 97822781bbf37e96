"""Where the shop sends to, by what way, at what price."""
