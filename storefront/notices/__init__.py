"""Telling whoever asked that a size is back."""
