"""Public pages: what a supporter opens from a text or an email."""
