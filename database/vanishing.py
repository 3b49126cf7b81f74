"""When does a connection whose other end has vanished count as lost?

A machine that loses its power or its network says no goodbye. Left to TCP's defaults, a server would
keep that machine's transaction, and its locks, for a quarter of an hour to two hours, and a client
would wait as long for an answer. Here both give up within half a minute.
"""

from __future__ import annotations

from types import MappingProxyType

FROZEN_SECONDS = 30  # no unit of work leaves a transaction alone for so long while it lives
IDLE, INTERVAL, PROBES = 10, 5, 3  # seconds of silence, seconds between probes, probes
UNANSWERED_SECONDS = 25  # what was sent and is not acknowledged

# libpq's own names; see https://www.postgresql.org/docs/current/libpq-connect.html
CLIENT = MappingProxyType(
    {
        "connect_timeout": 10,
        "keepalives": 1,
        "keepalives_idle": IDLE,
        "keepalives_interval": INTERVAL,
        "keepalives_count": PROBES,
        "tcp_user_timeout": UNANSWERED_SECONDS * 1000,
    }
)

# The same asked of the server for this session; over a Unix socket it has nothing to do.
SERVER = MappingProxyType(
    {
        "idle_in_transaction_session_timeout": f"{FROZEN_SECONDS}s",
        "tcp_keepalives_idle": f"{IDLE}s",
        "tcp_keepalives_interval": f"{INTERVAL}s",
        "tcp_keepalives_count": str(PROBES),
        "tcp_user_timeout": f"{UNANSWERED_SECONDS}s",
    }
)
