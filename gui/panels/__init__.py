"""The docks and tabs of the window; no panel imports another."""
