"""A user's Python file: its outline without running it, and the model it makes when it is run."""
