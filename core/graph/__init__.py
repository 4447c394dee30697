"""One neutral graph of operations: built, laid out and drawn without torch or Qt in its data."""
