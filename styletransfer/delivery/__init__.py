"""Reading: which variant of a photo is shown, and everything a page needs to show it.

A page view writes nothing, opens no file and asks no cache for a variant.
"""

from styletransfer.delivery.choosing import Choice, Chooser, chooser_for, register_hook
from styletransfer.delivery.picture import Picture, PictureSource, build_picture, picture_for, rendition_url
from styletransfer.delivery.prefetch import StyledQuerySet, with_styled

__all__ = [
    "Choice",
    "Chooser",
    "Picture",
    "PictureSource",
    "StyledQuerySet",
    "build_picture",
    "chooser_for",
    "picture_for",
    "register_hook",
    "rendition_url",
    "with_styled",
]
