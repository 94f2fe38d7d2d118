"""Which products to show to whom: neighbours fitted from events, ranked for one shopper as a page asks.

``fitting`` turns events into an immutable snapshot of short lists (a periodic task, ``fit_recommendations``).
``serving`` reads the few lists that one answer needs, in a constant number of queries.
"""
