"""What follows from a person's wish and from an event, one subject a file: documents, jobs, edits, selection."""
