"""Looks against each other: who sees which, what follows, and when the difference may be believed."""
