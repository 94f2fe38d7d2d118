"""A reusable Django app that gives product photos further looks, painted by a VAE-GAN."""

__version__ = "0.1.0"
