"""The crash points: found in the source, dealt to processes by the seed, counted from what dying processes printed."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Role = Literal["web", "worker"]

_CALL = re.compile(r"\breach\(\s*\"([a-z_.]+)\"")
_PACKAGES = ("gateway", "merchants", "payments", "refunds", "webhooks", "checkout", "reconciliation")
# Reached by requests; every other point is reached by work.
_OF_REQUESTS = ("opening_", "answer_", "tokens.", "inbox_")
# Reached about once in a while only: die at the first chance.
_RARE = ("seal_", "answer_", "tokens.", "settlement_")
DEATH = "crash_point_reached "


def find_points(root: Path) -> list[str]:
    """Every name that the source reaches, so that no list can forget one."""
    names: set[str] = set()
    for package in _PACKAGES:
        for path in (root / package).rglob("*.py"):
            names |= set(_CALL.findall(path.read_text()))
    return sorted(names)


def role_of(point: str) -> Role:
    """Which kind of process reaches this point."""
    return "web" if point.startswith(_OF_REQUESTS) else "worker"


@dataclass
class Deck:
    """Deals the points to processes: first this round's share, by the seed, then whatever was hit least."""

    points: list[str]
    seed: int
    hits: Counter[str] = field(default_factory=Counter)
    _hands: dict[Role, list[str]] = field(default_factory=dict)
    _dice: random.Random = field(default_factory=random.Random)

    def shuffle(self, round_number: int, *, web: int = 4, worker: int = 7) -> None:
        """Begin a round: its share depends on the seed and the round's number alone."""
        self._dice = random.Random(f"{self.seed}:{round_number}:points")
        sizes: dict[Role, int] = {"web": web, "worker": worker}
        for role, size in sizes.items():
            ordered = [point for point in self.points if role_of(point) == role]
            random.Random(f"{self.seed}:{role}").shuffle(ordered)
            start = (round_number - 1) * size
            self._hands[role] = [ordered[(start + n) % len(ordered)] for n in range(min(size, len(ordered)))]

    def deal(self, role: Role) -> str:
        """The next point for a process of this role, as `CRASH_POINT` wants it: `name:nth`."""
        hand = self._hands.get(role) or []
        if hand:
            point = hand.pop(0)
        else:
            ordered = [point for point in self.points if role_of(point) == role]
            point = min(ordered, key=lambda name: (self.hits[name], self._dice.random()))
        return f"{point}:{1 if point.startswith(_RARE) else self._dice.randint(1, 4)}"

    def count(self, printed: str) -> list[str]:
        """The deaths that a process printed; they are counted."""
        found = [line.removeprefix(DEATH).strip() for line in printed.splitlines() if line.startswith(DEATH)]
        self.hits.update(found)
        return found

    def missed(self) -> list[str]:
        """The points that no process has died at."""
        return [point for point in self.points if not self.hits[point]]

    def table(self) -> str:
        """Every point and how often it was hit."""
        width = max(map(len, self.points), default=0)
        return "\n".join(f"  {point:<{width}}  {self.hits[point]:>4}" for point in self.points)
