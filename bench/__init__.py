"""Figures: how fast the shop is, beside bare Flask on the same server in the same run."""
