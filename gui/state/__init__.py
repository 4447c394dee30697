"""The behaviour of the window without Qt: frozen state and pure functions over it."""
