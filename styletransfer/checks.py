"""System checks; written with ids and hints."""
