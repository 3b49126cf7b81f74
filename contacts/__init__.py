"""People, the sister-city projects they belong to, their addresses and their word (consent)."""
