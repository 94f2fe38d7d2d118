"""Artworks made by program: styles to train on that belong to nobody else.

Every artwork is a motif (drawn by program, or a photo of the user's own) in a palette, rendered by one of
ten families of media. Pictures are (height, width, 3) float32 RGB in [0, 1]; every choice is drawn from one
seeded generator, so that family and number decide the picture.
"""
