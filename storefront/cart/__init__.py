"""What a shopper has chosen and not yet bought."""
