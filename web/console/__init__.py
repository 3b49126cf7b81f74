"""The console: pages for signed-in organizers."""
