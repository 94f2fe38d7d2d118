"""Bytes and arrays: decoding, encoding, colour and measures. No Django models, no torch."""
