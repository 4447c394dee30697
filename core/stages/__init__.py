"""What the pipeline is made of: inputs prepared, a model compiled in one of two lanes, converted, and what is kept."""
