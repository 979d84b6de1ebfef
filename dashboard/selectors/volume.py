"""How much was taken, day by day, on the merchant's clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate

from gateway.core.clock import to_real
from gateway.core.ids import lowest_id_at
from gateway.core.tenancy import Tenant
from payments.models import Payment
from payments.states import PaymentStatus

DAYS = 14
# A payment may be captured so long after it was created; its id is from then.
_LONGEST_WAIT = timedelta(days=31)
_WON = (PaymentStatus.SUCCEEDED, PaymentStatus.REQUIRES_CAPTURE)
_DECIDED = (*_WON, PaymentStatus.FAILED)


@dataclass(frozen=True, slots=True)
class Day:
    """What was captured on one day in one currency."""

    date: date
    amount: int
    count: int


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of the payments that were decided went well."""

    won: int
    decided: int


def daily_volume(tenant: Tenant, *, now: datetime) -> Mapping[str, Sequence[Day]]:
    """Currency -> the last 14 days, oldest first, today last; only currencies in which anything was taken."""
    first = now.astimezone(UTC).date() - timedelta(days=DAYS - 1)
    start = datetime.combine(first, time(), UTC)
    rows = (
        Payment.objects.for_merchant(tenant)
        .filter(captured_at__gte=start, amount_captured__gt=0, id__gte=lowest_id_at(to_real(start) - _LONGEST_WAIT))
        .values("currency", day=TruncDate("captured_at", tzinfo=UTC))
        .annotate(amount=Sum("amount_captured"), count=Count("id"))
    )
    found: dict[str, dict[date, tuple[int, int]]] = defaultdict(dict)
    for row in rows:
        found[row["currency"]][row["day"]] = (row["amount"], row["count"])
    days = [first + timedelta(days=offset) for offset in range(DAYS)]
    return {currency: [Day(day, *by_day.get(day, (0, 0))) for day in days] for currency, by_day in found.items()}


def success_rate(tenant: Tenant, *, now: datetime, days: int = 7) -> Rate:
    """Of the payments created in these days and decided: how many went well."""
    start = now - timedelta(days=days)
    rows = Payment.objects.for_merchant(tenant).filter(
        created_at__gte=start, id__gte=lowest_id_at(to_real(start) - _LONGEST_WAIT), status__in=_DECIDED
    )
    counted = rows.aggregate(won=Count("id", filter=Q(status__in=_WON)), decided=Count("id"))
    return Rate(counted["won"], counted["decided"])
