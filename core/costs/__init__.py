"""What the operations of a file cost here: each is timed in real runs, on this machine's processor."""
