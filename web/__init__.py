"""Everything that speaks HTTP, by door: console for organizers, public for supporters, webhooks for
providers. Each door holds its own lock.
"""
