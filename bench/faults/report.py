"""What all rounds and races found together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bench.faults.outage import Outage
from bench.faults.points import Deck
from bench.faults.races import RaceResults
from bench.faults.rounds import Round
from bench.faults.unresolved import AT_LAST_S, SOON_SHARE, share_soon

# Few rounds cannot reach every crash point; these many must.
_ROUNDS_FOR_ALL_POINTS = 20
_PAYMENTS_OF_ALL = 2_000


@dataclass
class Report:
    """Adds up rounds; `summary()` is the last line of the suite's output."""

    seed: int
    deck: Deck
    rounds: list[Round] = field(default_factory=list)
    races: RaceResults | None = None
    outage: Outage | None = None
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, number: int, played: Round) -> None:
        """One more round."""
        assert played.number == number
        self.rounds.append(played)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        if self.broken or any(played.failures for played in self.rounds):
            return False
        if (self.races is not None and self.races.failures) or (self.outage is not None and self.outage.failures):
            return False
        if share_soon(self.waits_s) < SOON_SHARE or max(self.waits_s, default=0.0) > AT_LAST_S:
            return False
        return len(self.rounds) < _ROUNDS_FOR_ALL_POINTS or not self.idle()

    def idle(self) -> list[str]:
        """What never happened in all these rounds, so that they proved nothing about it."""
        verdicts = [played.verdict for played in self.rounds]
        happened = {
            f"{_PAYMENTS_OF_ALL} payments": sum(verdict.payments for verdict in verdicts) >= _PAYMENTS_OF_ALL,
            "a settled line in each round": all(verdict.settled_lines for verdict in verdicts),
            "a cut commit": any(played.commits_cut for played in self.rounds),
            "an unknown outcome": bool(self.waits_s),
        }
        return self.deck.missed() + [what for what, is_so in happened.items() if not is_so]

    @property
    def waits_s(self) -> list[float]:
        """How long each unknown outcome stayed unknown once the bank answered."""
        return [wait for played in self.rounds for wait in played.waits_s]

    def table(self) -> str:
        """The crash points and how often each was hit."""
        lines = ["Crash points, and how often a process died there:", self.deck.table()]
        if self.races is not None:
            lines += ["Races:", *(f"  {line}" for line in self.races.lines)]
        found = [*self.broken, *(self.races.failures if self.races else ())]
        found += self.outage.failures if self.outage else ()
        if len(self.rounds) >= _ROUNDS_FOR_ALL_POINTS:
            found += [f"never happened: {what}" for what in self.idle()]
        lines += [f"FOUND: {failure}" for failure in found]
        return "\n".join(lines)

    def summary(self) -> dict[str, Any]:
        """The counts that must be zero first."""

        def total(kind: str) -> int:
            return sum(len(getattr(played.verdict, kind)) for played in self.rounds)

        statuses: Counter[str] = Counter()
        for played in self.rounds:
            statuses.update(played.statuses)
        return {
            "ok": self.ok,
            "seed": self.seed,
            "rounds": len(self.rounds),
            "payments": sum(played.verdict.payments for played in self.rounds),
            "lost": total("lost"),
            "duplicated": total("duplicated"),
            "unresolved": total("unresolved"),
            "oracle_differences": total("differences"),
            "invariant_violations": total("violations"),
            "unexpected_answers": total("unexpected"),
            "failed_rounds": [played.number for played in self.rounds if played.failures],
            "crash_points": len(self.deck.points),
            "crash_points_missed": self.deck.missed(),
            "deaths": sum(self.deck.hits.values()),
            "exits": [each for played in self.rounds for each in played.exits],
            "broken": self.broken,
            "commits_cut": sum(played.commits_cut for played in self.rounds),
            "answers": dict(statuses),
            "slowest_quiet_s": round(max((played.verdict.quiet_s for played in self.rounds), default=0), 1),
            "longest_trouble_s": round(max((played.longest_trouble_s for played in self.rounds), default=0), 1),
            "unknown_outcomes": len(self.waits_s),
            "unknown_resolved_in_60_s": round(share_soon(self.waits_s), 3),
            "slowest_unknown_s": round(max(self.waits_s, default=0.0), 1),
            "postgres_restarts": self.outage.summary() if self.outage is not None else None,
            "races": self.races.summary() if self.races is not None else None,
            "seconds": round(self.seconds),
        }
