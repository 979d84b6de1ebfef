"""Reading merchants."""

from uuid import UUID

from gateway.core.errors import NotFound
from merchants.models import Merchant


def merchant_by_id(merchant_id: UUID) -> Merchant:
    """The merchant. Raises `NotFound`."""
    merchant = Merchant.objects.filter(pk=merchant_id).first()
    if merchant is None:
        raise NotFound
    return merchant
