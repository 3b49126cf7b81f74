"""The people who use the console: who they are, how they sign in, and what they may see."""
