"""Ask the provider for a refund, or what became of one: open, ask, settle."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from gateway.core import clock, crashpoints
from gateway.core.ids import id_time, to_public
from gateway.work.rules import Done, Later, Result, Retry
from gateway.work.services.claim import Claim
from payments.models import Payment
from payments.providers.base import (
    AccountCredentials,
    NotDone,
    Observation,
    Outcome,
    OutcomeUnknown,
    Provider,
    RefundRequest,
)
from payments.providers.registry import get_provider
from payments.selectors.payments import get_payment
from payments.selectors.provider_accounts import credentials_of
from payments.services.open_anomaly import open_anomaly
from payments.services.request_sync import request_sync
from refunds import states
from refunds.models import Refund
from refunds.rules.resolution import Question, next_question, wait_for_outcome
from refunds.selectors.refunds import refund_by_id, refund_for_update
from refunds.services.audit_refund import audit_refund
from refunds.services.settle_refund import settle_refund

# The bank's 20 s and a margin.
_NEEDED_LEASE_S = 22.0


@dataclass(frozen=True)
class _Opened:
    refund: Refund
    payment: Payment
    provider: Provider
    account: AccountCredentials
    question: Question


def carry_out_refund(*, claim: Claim) -> Result:
    """Carry one refund a step further. What is unknown stays unknown until the provider answers."""
    if not claim.has_time(_NEEDED_LEASE_S):
        return Retry("the lease is too short for an exchange", counts=False)
    opened = _open(claim.subject_id)
    if not isinstance(opened, _Opened):
        return opened
    match opened.question:
        case Question.LOOK:
            return _look(opened.refund)
        case Question.PERSON:
            _hand_to_person(opened.refund)
        case _:
            return _exchange(opened)
    return Done()


def _exchange(opened: _Opened) -> Result:
    crashpoints.reach("refund_before_send")
    try:
        observation = _ask(opened)
    except OutcomeUnknown as silence:
        _note_unknown(opened.refund.id)
        return Retry(str(silence) or "the outcome is unknown", counts=False)
    except NotDone as refusal:
        return _not_done(opened, refusal)
    crashpoints.reach("refund_before_settle")
    refund = settle_refund(refund_id=opened.refund.id, fact=observation, now=clock.now())
    crashpoints.reach("refund_after_settle")
    return Done() if refund is None or refund.status not in states.UNFINISHED else _later(refund)


def _open(refund_id: UUID) -> _Opened | Result:
    """Note that we are about to ask, before the first byte is sent: whoever comes after us knows that it may have
    been.
    """
    with transaction.atomic():
        refund = refund_for_update(refund_id)
        if refund is None or refund.status not in states.UNFINISHED:
            return Done()
        payment = get_payment(refund.tenant, refund.payment_id)
        account = credentials_of(refund.provider_account)
        provider = get_provider(account.provider)
        capabilities = provider.capabilities
        question = next_question(
            sends=refund.sends,
            is_acknowledged=refund.provider_reference != "",
            age=timezone.now() - id_time(refund.id),
            key_retention=capabilities.key_retention,
            has_void_if_absent=capabilities.void_if_absent,
        )
        if question in (Question.SEND, Question.RESEND):
            if refund.status == states.PENDING:
                states.REFUND.require(refund.status, states.PROCESSING)
                refund.status = states.PROCESSING
                refund.version += 1
                audit_refund(refund=refund, verb="processing")
            refund.sends += 1
            refund.sent_at = refund.sent_at or timezone.now()
            refund.save(update_fields=["status", "version", "sends", "sent_at"])
        crashpoints.reach("refund_before_sent_commit")
        return _Opened(refund, payment, provider, account, question)


def _ask(opened: _Opened) -> Observation:
    refund, payment = opened.refund, opened.payment
    if opened.question is Question.VOID_IF_ABSENT:
        return opened.provider.void_if_absent(opened.account, target_operation_id=refund.public_id)
    request = RefundRequest(
        refund_id=refund.public_id,
        payment_id=to_public("pay", refund.payment_id),
        provider_reference=payment.provider_reference,
        amount=refund.amount,
        currency=refund.currency,
        reason=refund.reason,
        metadata=_fault(refund),
    )
    return opened.provider.refund(opened.account, request)


def _fault(refund: Refund) -> dict[str, str]:
    """A fault that the merchant asked the simulated bank for, in test mode only."""
    fault = refund.metadata.get("simulate")
    return {"simulate": str(fault)} if fault and not refund.livemode else {}


def _not_done(opened: _Opened, refusal: NotDone) -> Result:
    """This request had no effect. Whether another one had, earlier or by a worker that took over from us while we were
    paused, is another question, and stays open if there was one.
    """
    if not (opened.question is Question.SEND and _was_never_sent(opened.refund.id)):
        _note_unknown(opened.refund.id)
    elif not refusal.retryable:
        observation = Observation(
            outcome=Outcome.FAILED, provider_reference="", code=refusal.code, message=refusal.message
        )
        settle_refund(refund_id=opened.refund.id, fact=observation, now=clock.now())
        return Done()
    return Retry(refusal.message, after=refusal.retry_after, counts=False)


def _was_never_sent(refund_id: UUID) -> bool:
    """Take the note back that it may have been sent, if ours is the only one; whether it was."""
    rows = Refund.objects.unscoped("a worker carries the id of its work").filter(id=refund_id, sends=1)
    return bool(rows.update(sends=0, sent_at=None))


def _note_unknown(refund_id: UUID) -> None:
    with transaction.atomic():
        refund = refund_for_update(refund_id)
        if refund is None or refund.status != states.PROCESSING or refund.unknown_since is not None:
            return
        refund.unknown_since = timezone.now()
        refund.version += 1
        refund.save(update_fields=["unknown_since", "version"])
        audit_refund(refund=refund, verb="unknown")


def _look(refund: Refund) -> Result:
    """The provider took it: its payment's present state will say how it ended, at the latest when we look again."""
    with transaction.atomic():
        request_sync(payment_id=refund.payment_id, tenant=refund.tenant)
    return _later(refund)


def _later(refund: Refund) -> Result:
    """Unfinished work, not a timer: the system is not quiet while money is on its way. A webhook ends it sooner."""
    now = timezone.now()
    return Later(now + wait_for_outcome(now - id_time(refund.id)), "the provider has taken it and not decided yet")


def _hand_to_person(refund: Refund) -> None:
    """No safe question is left: an anomaly, and a person decides."""
    with transaction.atomic():
        present = refund_by_id(refund.id)
        if present is not None:
            open_anomaly(
                tenant=refund.tenant,
                kind=states.OUTCOME_UNKNOWN,
                subject_type="refund",
                subject_id=refund.id,
                detail=f"The provider may have forgotten the key of {refund.public_id} before it gave an answer. "
                "Look it up there and tell the outcome.",
                now=clock.now(),
            )
