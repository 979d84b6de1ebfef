"""Identifiers that rise in the order in which they were made."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest

from gateway.core.ids import id_time, lowest_id_at, new_id


def clock_reads(monkeypatch: pytest.MonkeyPatch, readings_ns: Iterable[int]) -> None:
    """The clock of the ids alone, and a thread that has drawn none before."""
    left = iter(readings_ns)
    monkeypatch.setattr("gateway.core.ids.time", SimpleNamespace(time_ns=lambda: next(left)))
    monkeypatch.setattr("gateway.core.ids._newest", threading.local())


def test_ids_of_one_thread_rise_strictly() -> None:
    made = [new_id() for _ in range(20_000)]
    assert len({id_time(one) for one in made}) < len(made) / 2, "the claim is about ids of the same millisecond"
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_ids_rise_while_the_clock_stands_still_or_slips_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    clock_reads(monkeypatch, [now, now, now, now - 500_000_000, now + 1])
    made = [new_id() for _ in range(5)]
    assert made == sorted(made)
    assert id_time(made[-1]) - id_time(made[0]) <= timedelta(milliseconds=1)


def test_ids_follow_a_clock_that_was_set_right(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    clock_reads(monkeypatch, [now + 3600 * 10**9, now])
    wrong, right = new_id(), new_id()
    assert id_time(wrong) - id_time(right) == timedelta(hours=1)


def test_neighbours_share_nothing_but_the_time() -> None:
    tails = [new_id().int & ((1 << 62) - 1) for _ in range(2_000)]
    steps = {after - before for before, after in itertools.pairwise(tails)}
    assert len(steps) == len(tails) - 1
    assert all(0.4 < sum(tail >> bit & 1 for tail in tails) / len(tails) < 0.6 for bit in range(62))


def test_an_id_is_a_version_7_uuid_of_the_real_time() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    one = new_id()
    assert (one.version, one.variant) == (7, "specified in RFC 4122")
    assert before <= id_time(one) <= datetime.now(UTC) + timedelta(seconds=1)


def test_no_id_of_a_moment_lies_below_its_lowest() -> None:
    one = new_id()
    lowest = lowest_id_at(id_time(one))
    assert lowest <= one < lowest_id_at(id_time(one) + timedelta(milliseconds=1))
    assert (lowest.version, lowest.variant) == (7, "specified in RFC 4122")


def test_the_lowest_id_before_1970_lies_below_every_other() -> None:
    for moment in (datetime(1969, 12, 31, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)):
        assert lowest_id_at(moment) == lowest_id_at(datetime(1970, 1, 1, tzinfo=UTC))


def test_forked_workers_make_different_ids() -> None:
    new_id()
    made = [id_ for _ in range(4) for id_ in _ids_of_a_fork(50)]
    assert len(set(made)) == 200


def _ids_of_a_fork(count: int) -> list[UUID]:
    """What a child made by fork, as a prefork worker is, draws first."""
    reader, writer = os.pipe()
    if not (child := os.fork()):
        os.write(writer, b"".join(new_id().bytes for _ in range(count)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        drawn = pipe.read()
    os.waitpid(child, 0)
    return [UUID(bytes=drawn[at : at + 16]) for at in range(0, len(drawn), 16)]
