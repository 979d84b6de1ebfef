"""Reads of refunds."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from gateway.core.errors import NotFound
from gateway.core.ids import from_public, lowest_id_at
from gateway.core.tenancy import Tenant
from payments.selectors.anomalies import was_opened
from refunds import states
from refunds.models import Refund


def refunds_of(tenant: Tenant) -> QuerySet[Refund]:
    """The merchant's refunds."""
    return Refund.objects.for_merchant(tenant)


def get_refund(tenant: Tenant, refund_id: UUID) -> Refund:
    """One refund of this merchant; NotFound otherwise."""
    refund = refunds_of(tenant).filter(id=refund_id).first()
    if refund is None:
        raise NotFound
    return refund


def refund_by_id(refund_id: UUID) -> Refund | None:
    """The refund that a work row or a provider's echo names."""
    return Refund.objects.unscoped("a worker carries the id of its work").filter(id=refund_id).first()


def refund_for_update(refund_id: UUID) -> Refund | None:
    """The refund's row, locked. Whoever also needs the order or the payment locks those before."""
    rows = Refund.objects.unscoped("a worker carries the id of its work")
    return rows.select_for_update().filter(id=refund_id).first()


def waits_for_a_person(refund: Refund) -> bool:
    """Whether its outcome is unknown and the provider can no longer tell it."""
    is_unheard_of = refund.status in states.UNFINISHED and refund.provider_reference == ""
    return is_unheard_of and was_opened(refund.tenant, kind=states.OUTCOME_UNKNOWN, subject_id=refund.id)


def refunds_of_payment(tenant: Tenant, payment_id: UUID) -> list[Refund]:
    """Every refund of a payment, oldest first."""
    return list(refunds_of(tenant).filter(payment_id=payment_id).order_by("id"))


def refund_by_reference(provider_account_id: UUID | None, reference: str) -> Refund | None:
    """The refund with that id at the provider."""
    rows = Refund.objects.unscoped("a provider's reference names its account, which has one merchant")
    return (
        rows.filter(provider_account_id=provider_account_id, provider_reference=reference).first()
        if reference
        else None
    )


def refunds_unfinished(*, made_before: datetime) -> QuerySet[Refund]:
    """Refunds of every merchant that have no end yet, oldest first: for the sweep."""
    rows = Refund.objects.unscoped("the sweep serves every merchant")
    return rows.filter(status__in=states.UNFINISHED, id__lt=lowest_id_at(made_before)).order_by("id")


def refunds_to_look_at_again(*, now: datetime) -> QuerySet[Refund]:
    """Succeeded refunds of every merchant whose next look is due (real time), those that have waited longest first."""
    rows = Refund.objects.unscoped("the sweep serves every merchant")
    return rows.filter(status=states.SUCCEEDED, look_again_at__lte=now).order_by("look_again_at", "id")


def payment_id_of_refund(tenant: Tenant, public_id: str) -> UUID | None:
    """The payment of the refund with that public id; None when the id is of another kind or nobody's."""
    try:
        refund_id = from_public(Refund.ID_PREFIX, public_id)
    except NotFound:
        return None
    return refunds_of(tenant).filter(id=refund_id).values_list("payment_id", flat=True).first()
