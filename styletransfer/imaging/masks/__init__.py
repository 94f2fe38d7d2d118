"""Which pixels are the product: subject masks, matting, protected areas, and painting through them.

The entry points are ``base.create_masker`` (names to methods) and the functions of ``matting``, ``protect``
and ``scopes``. Everything here takes and returns arrays; OpenCV is imported by the parts that need it.
"""
