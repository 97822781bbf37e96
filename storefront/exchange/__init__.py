"""Data in and out of the shop."""
