"""Ports for servers of the tests: below those that the system gives to outgoing connections, so that none is taken meanwhile."""

import itertools
import os
import socket

_FIRST, _PER_WORKER, _WORKERS = 10_000, 1_500, 15
_worker = int("0" + os.environ.get("PYTEST_XDIST_WORKER", f"gw{_WORKERS - 1}").removeprefix("gw")) % _WORKERS
_steps = itertools.count(os.getpid())  # another run on this machine begins elsewhere


def free_port() -> int:
    """A port that nobody listens on now, and that no other worker of this run is given."""
    for step in itertools.islice(_steps, _PER_WORKER):
        port = _FIRST + _worker * _PER_WORKER + step % _PER_WORKER
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    message = "no port is free"
    raise AssertionError(message)
