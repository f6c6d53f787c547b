"""What the plant is: pydantic models, and the loader that turns YAML into a checked `Site`."""
