"""What became of an operation whose key the provider may have forgotten: a person's word, in the provider's place."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from payments.errors import InvalidState
from payments.models import Operation, Payment
from payments.providers.base import Observation, Outcome
from payments.rules.told_outcomes import ToldOutcome, taken_reference
from payments.selectors.operations import operation_by_id, operation_for_update, waits_for_a_person
from payments.selectors.orders import order_for_update
from payments.selectors.payments import payment_for_update
from payments.selectors.provider_references import payment_id_of_reference
from payments.services.note_told_outcome import note_told_outcome
from payments.services.settle_operation import settle_operation
from payments.states import UNRESOLVED, OperationKind


def tell_operation_outcome(*, operation_id: UUID, told: ToldOutcome, now: datetime) -> Payment:
    """Settle it as told: done in full under that reference, or never done.

    Raises `Forbidden` for anybody but staff, `InvalidState` where no person was asked or the outcome is known, and
    `Invalid` for a reference that means another payment.
    """
    known = operation_by_id(operation_id)
    with transaction.atomic():
        order_for_update(known.payment.order_id)
        payment = payment_for_update(known.payment_id)
        operation = operation_for_update(operation_id)
        if not waits_for_a_person(operation):
            raise InvalidState("Nobody has to tell the outcome of this operation.", status=str(operation.status))
        note_told_outcome(subject=operation, subject_type="operation", kind=UNRESOLVED, told=told, now=now)
        return settle_operation(operation_id=operation.id, observation=_observation(operation, payment, told), now=now)


def _observation(operation: Operation, payment: Payment, told: ToldOutcome) -> Observation:
    if not told.was_done:
        return Observation(Outcome.FAILED, "", code="not_sent_in_time", voided_by_key=True)
    reference = payment.provider_reference
    if operation.kind == OperationKind.AUTHORIZE:
        reference = told.reference
        if payment_id_of_reference(operation.provider_account, reference) not in (None, payment.id):
            raise taken_reference()
    return Observation(Outcome.SUCCEEDED, reference, told.reference, operation.amount)
