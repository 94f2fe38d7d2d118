"""Engines turn photos into paintings; torch lives here and in training, Django does not."""
