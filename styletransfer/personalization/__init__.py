"""Who a shopper is, what they allowed, what they did, and how all of it is exported, merged and erased.

Nothing here happens without consent, which is off until somebody gives it. A page view writes nothing.
"""
