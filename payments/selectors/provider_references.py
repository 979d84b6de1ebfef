"""Which object of ours a provider means."""

from __future__ import annotations

from uuid import UUID

from payments.models import ProviderAccount, ProviderReference


def payment_id_of_reference(account: ProviderAccount, reference: str) -> UUID | None:
    """The payment with this id at the provider; None when we have not met it."""
    return object_id_of_reference(account, reference, object_type="payment")


def object_id_of_reference(account: ProviderAccount, reference: str, *, object_type: str) -> UUID | None:
    """The object of this type behind the provider's id; None when we have not met it."""
    rows = ProviderReference.objects.filter(provider_account=account, reference=reference, object_type=object_type)
    return rows.values_list("object_id", flat=True).first()
