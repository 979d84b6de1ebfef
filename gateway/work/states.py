"""The states of a row of work. A finished row is deleted, so there is no "done"."""

from __future__ import annotations

from gateway.core.states import TransitionTable

WAITING, RUNNING, QUARANTINED = "waiting", "running", "quarantined"

WORK = TransitionTable(
    "work",
    {
        WAITING: {RUNNING, QUARANTINED},
        RUNNING: {WAITING, QUARANTINED},
        QUARANTINED: {WAITING},
    },
)
