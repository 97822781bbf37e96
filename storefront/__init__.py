"""The shop's rooms; docs/map.md says which is where."""
