"""One file per provider, both directions. They take plain values, give plain values, and know
nothing of our tables.
"""
