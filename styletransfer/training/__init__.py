"""Training, judging and exporting the painter; Django appears in the management commands only."""
