"""What became of a refund whose key the provider no longer knows: a person's word, in the provider's place."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from gateway.core.errors import NotFound
from payments.errors import InvalidState
from payments.providers.base import Observation, Outcome
from payments.rules.told_outcomes import ToldOutcome, taken_reference
from payments.selectors.orders import order_for_update
from payments.selectors.payments import payment_for_update
from payments.services.note_told_outcome import note_told_outcome
from refunds import states
from refunds.models import Refund
from refunds.selectors.refunds import refund_by_id, refund_by_reference, refund_for_update, waits_for_a_person
from refunds.services.settle_refund import settle_refund


def tell_refund_outcome(*, refund_id: UUID, told: ToldOutcome, now: datetime) -> Refund:
    """Settle it as told: sent in full under that reference, or never carried out.

    Raises `Forbidden` for anybody but staff, `InvalidState` where no person was asked or the outcome is known, and
    `Invalid` for a reference that means another refund.
    """
    known = refund_by_id(refund_id)
    if known is None:
        raise NotFound
    with transaction.atomic():
        order_for_update(known.order_id)
        payment_for_update(known.payment_id)
        refund = refund_for_update(refund_id) or known
        if not waits_for_a_person(refund):
            raise InvalidState("Nobody has to tell the outcome of this refund.", status=refund.status)
        if refund_by_reference(refund.provider_account_id, told.reference) is not None:
            raise taken_reference()
        note_told_outcome(subject=refund, subject_type="refund", kind=states.OUTCOME_UNKNOWN, told=told, now=now)
        return settle_refund(refund_id=refund.id, fact=_observation(refund, told), now=now) or refund


def _observation(refund: Refund, told: ToldOutcome) -> Observation:
    if told.was_done:
        return Observation(Outcome.SUCCEEDED, "", told.reference, refund.amount)
    return Observation(Outcome.FAILED, "", code="not_sent_in_time", voided_by_key=True)
