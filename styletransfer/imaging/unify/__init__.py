"""One look for a whole catalogue: light, background and framing per picture, the product left true.

``picture.unify_picture`` does one photo, ``settings.UnifyOptions`` says how, ``light.target_of`` makes a
target of reference pictures or of the catalogue itself, ``report`` measures how uneven a catalogue is, and
``consistency`` how alike a painted set looks.
"""
