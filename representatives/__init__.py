"""Who represents whom: seats, members and offices, and the way from a ZIP to a district and a time zone."""
