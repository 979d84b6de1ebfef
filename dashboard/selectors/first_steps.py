"""How far somebody has come with the first try: one order, made by a button on Home, followed to its refund."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F

from gateway.core.tenancy import Tenant
from gateway.events.selectors.events import events_about
from merchants.selectors.api_keys import api_keys_of
from payments.models import Order
from payments.selectors.orders import list_orders
from webhooks import states
from webhooks.models import Delivery, Endpoint
from webhooks.selectors.endpoints import endpoints_of

# The reference of the order that the button makes; the index on references finds it.
TRIAL_REFERENCE = "first-steps"


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What exists and what has happened."""

    key_id: str
    key_was_used: bool
    order: Order | None
    has_endpoint: bool
    delivery: Delivery | None

    @property
    def is_paid(self) -> bool:
        """Whether the try was paid."""
        return self.order is not None and self.order.amount_paid > 0

    @property
    def is_refunded(self) -> bool:
        """Whether some of it went back."""
        return self.order is not None and self.order.amount_refunded > 0


def first_steps_of(tenant: Tenant) -> FirstSteps:
    """Read it."""
    key = api_keys_of(tenant).filter(revoked_at=None).order_by(F("last_used_at").desc(nulls_last=True), "-id").first()
    order = list_orders(tenant).filter(reference=TRIAL_REFERENCE).order_by("-id").first()
    endpoint: Endpoint | None = endpoints_of(tenant).first()
    return FirstSteps(
        key_id=key.key_id if key else "",
        key_was_used=key is not None and key.last_used_at is not None,
        order=order,
        has_endpoint=endpoint is not None,
        delivery=_delivery_of(order) if order is not None and order.amount_paid else None,
    )


def _delivery_of(order: Order) -> Delivery | None:
    paid = [event.id for event in events_about(order.tenant, [order.id]).filter(type="order.paid")]
    rows = Delivery.objects.for_merchant(order.tenant).filter(event_id__in=paid)
    return min(rows, key=lambda delivery: delivery.status != states.DELIVERED, default=None)
