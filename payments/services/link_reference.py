"""Remember which object of ours a provider's id means."""

from __future__ import annotations

from uuid import UUID

from payments.models import ProviderAccount, ProviderReference


def link_reference(*, account: ProviderAccount, reference: str, object_type: str, object_id: UUID) -> None:
    """Link them; the first link of a reference stays. An empty reference links nothing."""
    if reference:
        ProviderReference.objects.bulk_create(
            [
                ProviderReference(
                    provider_account=account, reference=reference, object_type=object_type, object_id=object_id
                )
            ],
            ignore_conflicts=True,
        )
