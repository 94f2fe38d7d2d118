"""Bytes to pixels and back, colour, and picture measures: numpy and Pillow alone, no Django, no torch."""
