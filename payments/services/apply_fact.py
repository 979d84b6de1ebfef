"""The provider's present state of a payment, brought into our books step by step."""

from __future__ import annotations

from uuid import UUID

from gateway.core import ids
from gateway.core.errors import NotFound
from payments.models import Operation
from payments.providers.base import CaptureFact, Observation, Outcome, PaymentFact
from payments.selectors.operations import authorize_operation_for_update, operations_of
from payments.services.apply_authorization import settle_authorization
from payments.services.apply_capture import settle_capture
from payments.services.apply_void import give_back, settle_void
from payments.services.change import PaymentChange
from payments.services.link_reference import link_reference
from payments.services.open_anomaly import open_anomaly
from payments.services.post_suspense import post_suspense
from payments.states import LIVE, OperationKind


def apply_fact(change: PaymentChange, *, fact: PaymentFact, is_present: bool) -> None:
    """Settle authorisation, captures and void from the whole; refunds are their own app's. Locks are held.

    `is_present`: the provider was asked for this state, which did not come with the answer to an operation.
    """
    authorize = _authorize(change, fact)
    if authorize is None:
        return
    called_off = fact.voided and fact.amount_authorized == 0
    if not called_off:
        settle_authorization(change, authorize, fact.authorize, is_present=is_present)
    _settle_captures(change, fact)
    if fact.voided or fact.void_operation_id:
        _settle_void(change, fact)
    if called_off and (ended := _authorize(change, fact)) is not None:
        # As the void has left it.
        settle_authorization(change, ended, fact.authorize, is_present=is_present)


def _authorize(change: PaymentChange, fact: PaymentFact) -> Operation | None:
    """The authorize operation that the fact speaks of; an anomaly when it is none of this payment's."""
    operation = authorize_operation_for_update(change.payment)
    if operation is not None and operation.public_id == fact.authorize_operation_id:
        return operation
    open_anomaly(
        tenant=change.tenant,
        kind="foreign_payment",
        subject_type="payment",
        subject_id=change.payment.id,
        detail=f"{fact.provider_reference} names {fact.authorize_operation_id}, which is not this payment's.",
        now=change.now,
    )
    return None


def _settle_captures(change: PaymentChange, fact: PaymentFact) -> None:
    for capture in fact.captures:
        operation = _own(change, capture.our_id, OperationKind.CAPTURE)
        if operation is not None:
            link_reference(
                account=operation.provider_account,
                reference=capture.reference,
                object_type="operation",
                object_id=operation.id,
            )
            settle_capture(change, operation, _taken(fact, capture))
    ours = [capture.amount for capture in fact.captures if _is_ours(change, capture)]
    extra = fact.amount_captured - sum(ours)
    if extra > 0:
        post_suspense(
            payment=change.payment,
            provider_object=fact.provider_reference,
            kind="external_capture",
            cumulative=extra,
            direction="in",
            detail=f"The provider captured {extra} more than we asked for.",
            now=change.now,
        )


def _is_ours(change: PaymentChange, capture: CaptureFact) -> bool:
    operation_id = _operation_id(capture.our_id)
    return operation_id is not None and operations_of(change.payment).filter(id=operation_id).exists()


def _taken(fact: PaymentFact, capture: CaptureFact) -> Observation:
    return Observation(
        outcome=Outcome.SUCCEEDED,
        provider_reference=fact.provider_reference,
        operation_reference=capture.reference,
        amount=capture.amount,
    )


def _settle_void(change: PaymentChange, fact: PaymentFact) -> None:
    operation = _own(change, fact.void_operation_id, OperationKind.VOID)
    voided = Observation(
        outcome=Outcome.SUCCEEDED,
        provider_reference=fact.provider_reference,
        operation_reference=fact.provider_reference,
    )
    if operation is not None:
        settle_void(change, operation, voided)
    elif fact.voided and change.payment.status in LIVE:
        give_back(change, purpose="", by=f"provider:{fact.provider_reference}")


def _own(change: PaymentChange, public_id: str, kind: OperationKind) -> Operation | None:
    operation_id = _operation_id(public_id)
    if operation_id is None:
        return None
    return operations_of(change.payment).select_for_update(of=("self",)).filter(id=operation_id, kind=kind).first()


def _operation_id(public_id: str) -> UUID | None:
    try:
        return ids.from_public(Operation.ID_PREFIX, public_id)
    except NotFound:
        return None
