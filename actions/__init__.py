"""What a supporter is asked to do and has done: targets, scripts, pages, outcomes."""
