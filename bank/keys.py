"""Carrying out a request once per key: the same key and body get the same answer, for ever.

The key is registered in a transaction of its own (so that "first request with this key" is known even when that request
fails), then its row is locked for as long as the request is carried out: whatever else comes with the key waits there,
and reads the outcome. `void_if_absent` takes the same lock, which makes its tombstone final.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from bank import faults as fault_tools
from bank.errors import Problem, problem_response
from bank.faults import Fault, Faults
from bank.models import Account, JournalEntry, Payment, RequestKey
from bank.representations import payment_body


@dataclass(frozen=True, slots=True)
class Call:
    """One request that moves money: who, which key, what."""

    account: Account
    key: str
    operation: str
    fingerprint: str
    simulate: Faults

    @classmethod
    def of(cls, request: HttpRequest, account: Account, operation: str, metadata: dict[str, str]) -> Call:
        """Needs an `Idempotency-Key` header of 1 to 255 printable ASCII characters."""
        key = request.headers.get("Idempotency-Key", "")
        if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
            raise Problem(400, "idempotency_key_missing", "The Idempotency-Key header is missing or malformed.")
        canonical = json.dumps(json.loads(request.body or b"{}"), sort_keys=True, separators=(",", ":"))
        fingerprint = hashlib.sha256(f"{request.method} {request.path}\n{canonical}".encode()).hexdigest()
        return cls(account, key, operation, fingerprint, Faults.parse(metadata.get("simulate", "")))


@dataclass(frozen=True, slots=True)
class Outcome:
    """A definite answer and the payment it is about."""

    status: int
    body: dict[str, Any]
    payment: Payment | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    text: str
    replayed: bool


def carry_out(request: HttpRequest, call: Call, run: Callable[[Faults], Outcome]) -> HttpResponse:
    """Carry the request out, or repeat what was answered before; with its faults, if it is the first of its key."""
    record_id, first = _register(call)
    wanted = _faults_of(call) if first else Faults()
    if Fault.RATE_LIMITED in wanted:
        raise Problem(429, "rate_limited", "Too many requests.", retry_after=1)
    if Fault.NEVER_ANSWER in wanted:
        fault_tools.hold(record_id, wanted.seconds[Fault.NEVER_ANSWER])
    try:
        response = _response(_settle(record_id, call, run, wanted))
    except Problem as problem:
        response = problem_response(problem)
    if Fault.DELAY_AFTER_COMMIT in wanted:
        fault_tools.pause(wanted.seconds[Fault.DELAY_AFTER_COMMIT])
    if Fault.DROP_RESPONSE in wanted or Fault.NEVER_ANSWER in wanted:
        return fault_tools.hang_up(request)
    if Fault.ERROR_500_AFTER_COMMIT in wanted:
        raise Problem(500, "internal_error", "Something broke here.")
    return response


def void_if_absent(account: Account, target_key: str, reference: str) -> dict[str, Any]:
    """The word about a key: its outcome, unchanged, or (never carried out) a tombstone that stays for ever."""
    fingerprintless = Call(account, target_key, "void_if_absent", "", Faults())
    record_id, _ = _register(fingerprintless)
    with transaction.atomic():
        record = _lock(record_id)
        if record.outcome_status is None:
            if record.tombstone_at is None:
                record.tombstone_at = timezone.now()
                record.save(update_fields=["tombstone_at"])
                JournalEntry.objects.create(
                    account=account, kind=JournalEntry.Kind.TOMBSTONE, key=target_key, reference=reference, amount=0
                )
            return {"object": "void_if_absent", "target_key": target_key, "outcome": "absent_voided"}
        return {
            "object": "void_if_absent",
            "target_key": target_key,
            "outcome": "seen",
            "answer": {"status": record.outcome_status, "body": json.loads(record.outcome_body)},
            "payment": payment_body(record.payment) if record.payment else None,
        }


def _faults_of(call: Call) -> Faults:
    return call.simulate if call.simulate.seconds else fault_tools.draw_planned(call.account, call.operation)


def _register(call: Call) -> tuple[int, bool]:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bank_request_key (account_id, key, fingerprint, outcome_body, created_at)"
            " VALUES (%s, %s, %s, '', now()) ON CONFLICT (account_id, key) DO NOTHING RETURNING id",
            [call.account.id, call.key, call.fingerprint],
        )
        row = cursor.fetchone()
    if row is not None:
        return row[0], True
    return RequestKey.objects.only("id").get(account=call.account, key=call.key).id, False


def _lock(record_id: int) -> RequestKey:
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{settings.BANK_KEY_WAIT_SECONDS:.0f}s'")
        return RequestKey.objects.select_for_update().get(id=record_id)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Problem(409, "key_in_flight", "A request with this key is still running.", retry_after=1) from error
        raise


def _settle(record_id: int, call: Call, run: Callable[[Faults], Outcome], wanted: Faults) -> _Answer:
    with transaction.atomic():
        record = _lock(record_id)
        if record.tombstone_at is not None:
            raise Problem(
                409, "voided_by_key", "This key was voided before its request arrived; it will never be carried out."
            )
        record.fingerprint = record.fingerprint or call.fingerprint  # empty: only void_if_absent has named it so far
        if record.fingerprint != call.fingerprint:
            raise Problem(422, "idempotency_key_reused", "This key belongs to another request.")
        if record.outcome_status is not None:
            return _Answer(record.outcome_status, record.outcome_body, replayed=True)
        try:
            with transaction.atomic():
                outcome = run(wanted)
        except Problem as problem:
            outcome = Outcome(problem.status, problem.body())
        record.outcome_status = outcome.status
        record.outcome_body = json.dumps(outcome.body, separators=(",", ":"))
        record.payment = outcome.payment
        record.save(update_fields=["fingerprint", "outcome_status", "outcome_body", "payment"])
        if Fault.DELAY_BEFORE_COMMIT in wanted:
            fault_tools.pause(wanted.seconds[Fault.DELAY_BEFORE_COMMIT])
        if Fault.ERROR_500_BEFORE_COMMIT in wanted:
            raise Problem(500, "internal_error", "Something broke here.")  # rolls everything back
        return _Answer(record.outcome_status, record.outcome_body, replayed=False)


def _response(answer: _Answer) -> HttpResponse:
    plain = answer.status < 400 or answer.status == 402
    response = HttpResponse(
        answer.text, status=answer.status, content_type="application/json" if plain else "application/problem+json"
    )
    if answer.replayed:
        response["Idempotent-Replayed"] = "true"
    return response
