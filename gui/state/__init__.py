"""What the window knows and how it changes, without Qt: frozen data and pure functions."""
