"""The forms of the window as data: which sections and fields a recipe has now, with their values and problems."""
