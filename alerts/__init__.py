"""Urgent actions: a case with dated facts, an alert on it, its launch and its progress."""
