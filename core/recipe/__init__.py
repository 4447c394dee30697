"""The recipe: one document that makes an export repeatable. No torch here; the window edits it, the engine runs it."""
