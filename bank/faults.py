"""Faults on demand. A fault strikes only the first request with a given key; what comes after is answered truthfully."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from bank.cards import DECLINE_MESSAGES, RefundOutcome
from bank.errors import invalid
from bank.models import Account, FaultPlan, RequestKey

LONGEST_SECONDS = 300.0


class Fault(StrEnum):
    """What may go wrong on request."""

    DELAY_BEFORE_COMMIT = "delay_before_commit"
    DELAY_AFTER_COMMIT = "delay_after_commit"
    DROP_RESPONSE = "drop_response"  # done, and the connection closed without an answer
    ERROR_500_AFTER_COMMIT = "error_500_after_commit"
    ERROR_500_BEFORE_COMMIT = "error_500_before_commit"  # rolled back
    RATE_LIMITED = "rate_limited"  # 429, nothing done
    DUPLICATE_WEBHOOK = "duplicate_webhook"
    REORDER_WEBHOOKS = "reorder_webhooks"  # older news arrive after newer ones
    LATE_WEBHOOK = "late_webhook"
    LATE_SUCCESS = "late_success"  # a final decline first, success later
    NEVER_ANSWER = "never_answer"  # stuck on its way in; carried out when released; never answered


WEBHOOK_FAULTS = frozenset({Fault.DUPLICATE_WEBHOOK, Fault.REORDER_WEBHOOKS, Fault.LATE_WEBHOOK})


@dataclass(frozen=True, slots=True)
class Instructions:
    """What the issuer is told to do, whatever the card: about an authorisation `decline:CODE` and `three_d_secure`, about
    a refund `refund_pending`, `refund_fails` and `refund_rejected`, each with the seconds to its outcome.

    Unlike a fault, an instruction holds for every request with the key.
    """

    decline: str = ""
    challenge: bool = False
    refund: RefundOutcome | None = None
    refund_seconds: float | None = None

    @classmethod
    def parse(cls, text: str) -> Instructions:
        """The instructions among the words of `simulate`."""
        decline, challenge = "", False
        refund: RefundOutcome | None = None
        seconds: float | None = None
        for item in _items(text):
            word, _, code = item.partition(":")
            if word == "decline" and code not in DECLINE_MESSAGES:
                raise invalid("metadata.simulate", "unknown_fault", "simulate names an unknown decline code.")
            decline = code if word == "decline" else decline
            challenge = challenge or item == "three_d_secure"
            if word in _REFUND_WORDS:
                refund, seconds = _REFUND_WORDS[word], _seconds(code) if code else None
        return cls(decline, challenge, refund, seconds)

    @staticmethod
    def is_one(item: str) -> bool:
        """Whether a word of `simulate` is an instruction."""
        return item == "three_d_secure" or item.partition(":")[0] in ("decline", *_REFUND_WORDS)


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of one request, each with its duration where it has one."""

    seconds: Mapping[Fault, float] = field(default_factory=dict)

    def __contains__(self, fault: object) -> bool:
        return fault in self.seconds

    @classmethod
    def parse(cls, text: str) -> Faults:
        """`name` or `name:seconds`, separated by commas. Instructions to the issuer are passed over."""
        seconds: dict[Fault, float] = {}
        for item in _items(text):
            if Instructions.is_one(item):
                continue
            name, _, duration = item.partition(":")
            try:
                fault = Fault(name)
            except ValueError as error:
                raise invalid("metadata.simulate", "unknown_fault", "simulate names an unknown fault.") from error
            seconds[fault] = _seconds(duration) if duration else _default_seconds(fault)
        return cls(seconds)

    def of_webhooks(self) -> list[str]:
        """Those that concern notifications, as they are kept with a payment: `name:seconds`."""
        return [f"{fault}:{seconds}" for fault, seconds in self.seconds.items() if fault in WEBHOOK_FAULTS]


_REFUND_WORDS = {
    "refund_pending": RefundOutcome.PENDING,
    "refund_fails": RefundOutcome.FAILS,
    "refund_rejected": RefundOutcome.REJECTED,
}


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as error:
        raise invalid("metadata.simulate", "unknown_fault", "simulate names an unknown duration.") from error
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise invalid("metadata.simulate", "unknown_fault", f"It lasts 0 to {LONGEST_SECONDS:.0f} seconds.")
    return seconds


def _items(text: str) -> list[str]:
    return [item for item in (part.strip() for part in text.split(",")) if item]


def _default_seconds(fault: Fault) -> float:
    if fault in (Fault.DELAY_BEFORE_COMMIT, Fault.DELAY_AFTER_COMMIT):
        return float(settings.BANK_DELAY_SECONDS)
    if fault is Fault.NEVER_ANSWER:
        return float(settings.BANK_HOLD_SECONDS)
    return float(settings.BANK_LATE_SECONDS)


def draw_planned(account: Account, operation: str) -> Faults:
    """The next fault of the account's oldest open plan; none when there is no plan for this operation."""
    open_plans = FaultPlan.objects.filter(account=account, drawn__lt=F("total"))
    if not open_plans.exists():
        return Faults()
    with transaction.atomic():
        for plan in open_plans.select_for_update().order_by("id"):
            if plan.operations and operation not in plan.operations:
                continue
            dice = random.Random(f"{plan.seed}:{plan.drawn}")  # noqa: S311 - repeatable on purpose
            plan.drawn += 1
            plan.save(update_fields=["drawn"])
            return Faults.parse(dice.choice(plan.faults)) if dice.random() < plan.probability else Faults()
    return Faults()


def pause(seconds: float) -> None:
    """Wait without holding a database connection (unless a transaction is open: then the wait is the point)."""
    if not connection.in_atomic_block:
        connection.close()
    time.sleep(seconds)


def hold(record_id: int, seconds: float) -> None:
    """Keep a request stuck until its time is up or somebody releases it (`POST /v1/faults/release`)."""
    RequestKey.objects.filter(id=record_id).update(held_until=timezone.now() + timedelta(seconds=seconds))
    while RequestKey.objects.filter(id=record_id, held_until__gt=timezone.now()).exists():
        pause(0.1)


def release_held(account: Account) -> int:
    """Let every held request of the account go on; returns how many there were."""
    now = timezone.now()
    return RequestKey.objects.filter(account=account, held_until__gt=now).update(held_until=now)


def hang_up(request: HttpRequest) -> HttpResponse:
    """Close the TCP connection under the response. Where the server does not hand out its socket: a bare 500."""
    client: socket.socket | None = request.META.get("gunicorn.socket")
    if client is not None:
        client.shutdown(socket.SHUT_RDWR)
    return HttpResponse(status=500)
