"""One text in several languages to one audience: queue, render, send, receipts, replies."""
