"""The painted graph."""
