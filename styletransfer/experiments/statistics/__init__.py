"""The statistics of experiments: numpy and scipy on plain numbers, without Django.

Everything works on sums (how many, how much, its square), never on single visitors, so that a result costs
the same at a hundred visitors as at a million. All tests may be looked at as often as one likes.
"""
