"""How far a merchant's test clock is from real time."""

from datetime import timedelta
from uuid import UUID

from merchants.models import Merchant


def clock_offset(merchant_id: UUID) -> timedelta:
    """The offset of the merchant's test clock; zero for a merchant that does not exist. `settings.MERCHANT_CLOCK`."""
    offset = Merchant.objects.filter(pk=merchant_id).values_list("test_clock_offset", flat=True).first()
    return offset or timedelta()
