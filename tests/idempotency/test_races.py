"""The race for a key, for real: threads, connections and commits."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from django.db import connections, transaction

from gateway.core.tenancy import Tenant
from gateway.idempotency.errors import KeyInUse, Replay
from gateway.idempotency.models import IdempotencyKey
from tests.idempotency.conftest import Thing, a_tenant, opened
from tests.support.database import TestDatabase


def test_sixteen_at_once_with_one_key_have_one_effect_and_one_answer(committed_db: TestDatabase) -> None:
    tenant = a_tenant()
    start = Barrier(16)
    effects: list[int] = []

    def send(number: int) -> tuple[str, bytes]:
        call = opened(tenant)
        try:
            with transaction.atomic():
                call.begin()
                effects.append(number)
                time.sleep(0.1)  # the others arrive while this one has not committed
                call.remember(Thing(number=number))
        except Replay as replay:
            return "replayed", replay.answer.body
        assert call.answer is not None
        return "first", call.answer.body

    def request(number: int) -> tuple[str, bytes]:
        start.wait()
        try:
            for _ in range(30):
                with contextlib.suppress(KeyInUse):  # a busy machine: ask again, as a client does
                    return send(number)
        finally:
            connections.close_all()
        raise AssertionError("the key stays in use")

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(request, range(16)))

    assert len(effects) == 1
    assert sorted(kind for kind, _ in answers) == ["first"] + ["replayed"] * 15
    assert {body for _, body in answers} == {b'{"number": %d}' % effects[0]}


def test_a_duplicate_waits_two_seconds_and_no_longer(committed_db: TestDatabase) -> None:
    tenant = a_tenant()
    begun, done = Event(), Event()

    def slow() -> None:
        call = opened(tenant)
        with transaction.atomic():
            call.begin()
            begun.set()
            done.wait(60)
            call.remember(Thing(slow=True))
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(slow)
        begun.wait(60)
        started = time.monotonic()
        with pytest.raises(KeyInUse), transaction.atomic():
            opened(tenant).begin()
        waited = time.monotonic() - started
        done.set()
        first.result(60)

    assert 1.8 < waited < 25
    with pytest.raises(Replay), transaction.atomic():
        opened(tenant).begin()


def test_the_first_ones_rollback_lets_the_duplicate_go_on(committed_db: TestDatabase) -> None:
    tenant = a_tenant()
    begun = Event()

    def failing() -> None:
        try:
            with transaction.atomic():
                opened(tenant).begin()
                begun.set()
                time.sleep(0.3)
                raise RuntimeError
        except RuntimeError:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(failing)
        begun.wait(60)
        call = opened(tenant)
        with transaction.atomic():
            call.begin()
            call.remember(Thing(second=True))
        first.result(60)

    assert call.answer is not None and call.answer.body == b'{"second": true}'


def test_eight_resume_a_dead_call_at_once_and_one_answer_is_stored(committed_db: TestDatabase) -> None:
    tenant: Tenant = a_tenant()
    call = opened(tenant, wait=True)
    with transaction.atomic():
        call.begin()
        call.remember(Thing())
    IdempotencyKey.objects.for_merchant(tenant).update(lease_until="2020-01-01T00:00:00Z")
    start = Barrier(8)

    def resume(number: int) -> bytes:
        retry = opened(tenant, wait=True)
        start.wait()
        try:
            return retry.resume(lambda _: (201, b'{"by": %d}' % number)).body
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        bodies = set(pool.map(resume, range(8)))

    stored = IdempotencyKey.objects.for_merchant(tenant).get()
    assert bodies == {bytes(stored.body or b"")}
