"""The REST API, for hosts with the ``[api]`` extra; imported only where it is included."""
