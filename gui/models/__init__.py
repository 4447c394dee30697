"""Item models over tuples of frozen rows; they show plain data and pass wishes on, and are tested without a window."""
