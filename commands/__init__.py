"""What `llamado` does when it is typed: the commands that are more than a call, and how things look."""
