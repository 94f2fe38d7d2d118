"""Planning, claiming, painting and encoding variants: the only writer of their state."""
