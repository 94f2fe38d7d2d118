"""Training of the small network that reads a photo's light; see docs/training.md."""
