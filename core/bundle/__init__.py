"""The folder that is handed to the app team."""
