"""Long-running work: a campaign and the emails its committee has scheduled."""
