"""The kinds of `handlers.py`, apart from them so that settings may import this."""

from typing import Any

_OPTIONS: dict[str, dict[str, Any]] = {
    "note": {},
    "note_then_fail": {},
    "fail": {},
    "retry": {},
    "unreachable": {},
    "later": {},
    "scripted": {},
    "slow": {"transactional": False, "lease_s": 4},
    "phased": {"transactional": False, "lease_s": 3},
    "killer": {"transactional": False, "lease_s": 1},
    "timer": {"timer": True},
    "other_queue": {"handler": "tests.work.handlers.note", "queue": "payments"},
    "nonsense": {},
}
KINDS: dict[str, dict[str, Any]] = {
    f"test.{name}": {"handler": f"tests.work.handlers.{name}", **options} for name, options in _OPTIONS.items()
}
