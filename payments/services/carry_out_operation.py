"""Phases two and three of a money verb: ask the provider, without a transaction, and settle what it says.

An operation that was sent and has no answer is resolved by the provider's word only: by sending it again under its key
while that is allowed, and afterwards by making sure that it never happens (`void_if_absent`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from gateway.core import clock, ids
from gateway.core.crashpoints import reach
from gateway.work.rules import Done, Result, Retry
from gateway.work.services.claim import Claim
from payments.models import Operation
from payments.providers.base import (
    AuthorizeRequest,
    CaptureRequest,
    NotDone,
    Observation,
    Outcome,
    OutcomeUnknown,
    Provider,
    VoidRequest,
)
from payments.providers.registry import get_provider
from payments.rules.resending import is_past_retention, may_resend
from payments.selectors.operations import operation_by_id
from payments.selectors.provider_accounts import credentials_of
from payments.services.audit_operation import audit_operation
from payments.services.open_anomaly import open_anomaly
from payments.services.settle_operation import settle_operation
from payments.states import OPEN, UNRESOLVED, CaptureMethod, OperationKind, OperationStatus

# An adapter's own timeouts are shorter; nothing is sent that could outlive the lease.
REQUEST_SECONDS = 22.0
# What has no answer yet is asked again this soon; the gaps then grow to 30 s.
_UNRESOLVED = "no definite answer yet"


@dataclass(frozen=True, slots=True)
class _Ask:
    """One question to the provider, noted as the operation's attempt number `attempt`. `is_first`: nothing of this
    operation was ever sent before. `was_unknown`: an earlier question had no answer."""

    operation: Operation
    provider: Provider
    is_first: bool
    was_unknown: bool
    attempt: int


def carry_out_operation(claim: Claim) -> Result:
    """Carry out the operation `claim.subject_id`, or find out what became of it."""
    if not claim.has_time(REQUEST_SECONDS):
        return Retry("the lease is too short to ask", counts=False)
    ask = _take(claim.subject_id)
    if ask is None:
        return Done()
    if _is_for_a_person(ask.operation, ask.provider):
        _give_to_a_person(ask.operation)
        return Done()
    return _exchange(claim, ask)


def _exchange(claim: Claim, ask: _Ask) -> Result:
    reach("payments.before_send")
    try:
        _require_time(claim)
        observation = _question(ask)()
    except NotDone as refusal:
        return _settle_not_done(ask, refusal)
    except OutcomeUnknown as error:
        _mark_unknown(ask)
        return Retry(str(error) or _UNRESOLVED, counts=False)
    if observation is None or observation.outcome == Outcome.PENDING:
        return Retry(_UNRESOLVED, counts=False)
    reach("payments.after_answer")
    settle_operation(operation_id=ask.operation.id, observation=observation, now=clock.now())
    reach("payments.after_settle")
    return Done()


def _require_time(claim: Claim) -> None:
    """The database may have kept us waiting since we looked."""
    if not claim.has_time(REQUEST_SECONDS):
        raise NotDone("lease_too_short", "the lease is too short to ask", retryable=True)


def _take(operation_id: UUID) -> _Ask | None:
    """Commit that it is being sent, before the first byte is. A worker that dies from here on has perhaps sent it."""
    operation = operation_by_id(operation_id)
    provider = get_provider(operation.provider_account.provider)
    rows = Operation.objects.unscoped("the work row is the authority").filter(id=operation_id)
    with transaction.atomic(durable=True):
        is_first = bool(_sent(rows.filter(status=OperationStatus.CREATED)))
        was_unknown = not is_first and bool(_sent(rows.filter(status=OperationStatus.UNKNOWN)))
        if not is_first and not was_unknown and not _sent(rows.filter(status=OperationStatus.SENT)):
            return None
        attempt = rows.values_list("attempts", flat=True).get()
        reach("payments.before_sent_commit")
    return _Ask(operation, provider, is_first, was_unknown, attempt)


def _sent(rows: Any) -> int:
    updated: int = rows.update(
        status=OperationStatus.SENT,
        attempts=F("attempts") + 1,
        version=F("version") + 1,
        sent_at=Coalesce("sent_at", timezone.now()),
    )
    return updated


def _question(ask: _Ask) -> Callable[[], Observation | None]:
    operation, capabilities = ask.operation, ask.provider.capabilities
    made_at, now = ids.id_time(operation.id), timezone.now()
    if may_resend(operation.kind, made_at=made_at, now=now, key_retention=capabilities.key_retention):
        return lambda: _send(ask)
    if capabilities.void_if_absent:
        return lambda: ask.provider.void_if_absent(
            credentials_of(operation.provider_account), target_operation_id=operation.public_id
        )
    return lambda: _look_up(ask)


def _send(ask: _Ask) -> Observation:
    operation, payment = ask.operation, ask.operation.payment
    account = credentials_of(operation.provider_account)
    match operation.kind:
        case OperationKind.AUTHORIZE:
            assert payment.payment_method is not None
            return ask.provider.authorize(
                account,
                AuthorizeRequest(
                    operation_id=operation.public_id,
                    payment_id=payment.public_id,
                    amount=operation.amount,
                    currency=operation.currency,
                    capture=payment.capture_method == CaptureMethod.AUTOMATIC,
                    method_reference=payment.payment_method.provider_reference,
                    return_url=payment.return_url,
                    statement_descriptor=payment.statement_descriptor,
                    setup_future_usage=bool(payment.setup_future_usage),
                    metadata=_fault(operation, "simulate"),
                ),
            )
        case OperationKind.CAPTURE:
            return ask.provider.capture(
                account,
                CaptureRequest(
                    operation_id=operation.public_id,
                    provider_reference=payment.provider_reference,
                    amount=operation.amount,
                    currency=operation.currency,
                    final=operation.is_final,
                    metadata=_fault(operation, "simulate_capture"),
                ),
            )
        case _:
            return ask.provider.void(
                account,
                VoidRequest(
                    operation_id=operation.public_id,
                    provider_reference=payment.provider_reference,
                    only_if_waiting=operation.only_if_waiting,
                    metadata=_fault(operation, "simulate_void"),
                ),
            )


def _fault(operation: Operation, key: str) -> dict[str, str]:
    """A fault that the merchant asked the simulated bank for, in test mode only."""
    fault = operation.payment.metadata.get(key)
    return {"simulate": fault} if fault and not operation.livemode else {}


def _look_up(ask: _Ask) -> Observation | None:
    """Without `void_if_absent`: the provider's present state may tell. That it shows nothing tells nothing."""
    operation = ask.operation
    fact = ask.provider.fetch_payment(
        credentials_of(operation.provider_account),
        provider_reference=operation.payment.provider_reference,
        operation_id=operation.public_id if operation.kind == OperationKind.AUTHORIZE else "",
    )
    if fact is None:
        return None
    if operation.kind == OperationKind.AUTHORIZE:
        return fact.authorize
    taken = next((capture for capture in fact.captures if capture.our_id == operation.public_id), None)
    if taken is None:
        return None
    return Observation(Outcome.SUCCEEDED, fact.provider_reference, taken.reference, taken.amount)


def _is_for_a_person(operation: Operation, provider: Provider) -> bool:
    key_retention = provider.capabilities.key_retention
    return is_past_retention(made_at=ids.id_time(operation.id), now=timezone.now(), key_retention=key_retention)


def _give_to_a_person(operation: Operation) -> None:
    """The provider may have forgotten the key: sending again could charge twice, and nothing else could tell."""
    open_anomaly(
        tenant=operation.tenant,
        kind=UNRESOLVED,
        subject_type="operation",
        subject_id=operation.id,
        detail=f"The provider may have forgotten the key of {operation.public_id} before it gave an answer. "
        "Look it up there and tell the outcome.",
        now=clock.now(),
    )


def _settle_not_done(ask: _Ask, refusal: NotDone) -> Result:
    """Only this request had no effect. When another was sent, earlier or by a worker that took over from us while we
    were paused, what became of that is still unknown."""
    if not (ask.is_first and _mark(ask.operation, OperationStatus.CREATED, attempts=ask.attempt)):
        _mark_unknown(ask)
    elif not refusal.retryable:
        refused = Observation(Outcome.FAILED, "", code=refusal.code, message=refusal.message)
        settle_operation(operation_id=ask.operation.id, observation=refused, now=clock.now())
        return Done()
    return Retry(f"{refusal.code}: {refusal.message}", after=refusal.retry_after, counts=False)


def _mark_unknown(ask: _Ask) -> None:
    """The audit log hears of it once, not with every question that has no answer either."""
    with transaction.atomic():
        if _mark(ask.operation, OperationStatus.UNKNOWN) and not ask.was_unknown:
            audit_operation(ask.operation, verb="unknown")


def _mark(operation: Operation, status: OperationStatus, **only_if: int) -> bool:
    """Write what we know now, unless somebody else has settled it meanwhile; whether it was written."""
    rows = Operation.objects.unscoped("the work row is the authority").filter(id=operation.id, status__in=OPEN)
    return bool(rows.filter(**only_if).update(status=status, version=F("version") + 1))
