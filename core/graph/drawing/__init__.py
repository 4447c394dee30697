"""Pictures of a graph without a screen: SVG as text, PNG through Pillow."""
