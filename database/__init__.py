"""Where rows live: the tables' base, two engines behind one face, migrations and the job port.

Everything above hands this room *units of work*: synchronous functions whose first argument is a
connection. They run in the single writer thread on SQLite and under ``run_sync`` on PostgreSQL.
"""
