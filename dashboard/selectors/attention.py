"""What waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from gateway.core.ids import lowest_id_at
from gateway.core.tenancy import Tenant
from gateway.work.models import Work
from gateway.work.selectors import quarantined
from payments.models import Anomaly, Payment
from payments.selectors.anomalies import list_anomalies
from payments.states import PaymentStatus
from webhooks import states
from webhooks.models import Delivery, Endpoint
from webhooks.selectors.endpoints import endpoints_of

_LISTED_AT_MOST = 5
_RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Attention:
    """Counts, and the first few of what is rare enough to be listed."""

    to_capture: int
    in_review: int
    failed_deliveries: int
    failing_endpoints: Sequence[Endpoint]
    anomalies: Sequence[Anomaly]
    stuck_work: Sequence[Work]


def what_needs_attention(tenant: Tenant) -> Attention:
    """Read it, in five queries."""
    recent = lowest_id_at(timezone.now() - _RECENT)
    waiting = (
        Payment.objects.for_merchant(tenant)
        .filter(status__in=(PaymentStatus.REQUIRES_CAPTURE, PaymentStatus.REQUIRES_REVIEW), id__gte=recent)
        .aggregate(
            to_capture=Count("id", filter=Q(status=PaymentStatus.REQUIRES_CAPTURE)),
            in_review=Count("id", filter=Q(status=PaymentStatus.REQUIRES_REVIEW)),
        )
    )
    failed = Delivery.objects.for_merchant(tenant).filter(status=states.FAILED, id__gte=recent)
    failing = Q(status=states.ENABLED, health__consecutive_failures__gt=0)
    switched_off = Q(status=states.DISABLED) & ~Q(disabled_reason="by_merchant")
    return Attention(
        to_capture=waiting["to_capture"],
        in_review=waiting["in_review"],
        failed_deliveries=failed.count(),
        failing_endpoints=list(endpoints_of(tenant).filter(failing | switched_off)[:_LISTED_AT_MOST]),
        anomalies=list(list_anomalies(tenant).filter(resolved_at=None).order_by("-id")[:_LISTED_AT_MOST]),
        stuck_work=list(quarantined(tenant)[:_LISTED_AT_MOST]),
    )
