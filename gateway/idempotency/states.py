"""The life of a key: started by the request that came first, finished when its answer is stored."""

from __future__ import annotations

from gateway.core.states import TransitionTable

STARTED = "started"
FINISHED = "finished"

KEY = TransitionTable("idempotency key", {STARTED: {FINISHED}, FINISHED: set()})
