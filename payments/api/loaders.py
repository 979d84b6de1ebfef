"""What `?expand=` puts in the place of ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from gateway.api.fields import Expansion
from gateway.core import ids
from gateway.core.tenancy import Identified, Tenant
from payments.selectors import customers, operations, orders, payments
from payments.selectors import representations as show


def _expansion(
    prefix: str,
    find: Callable[[Tenant, Sequence[UUID]], Mapping[UUID, Any]],
    render: Callable[[Any], dict[str, Any]],
    *,
    needs: str = "payments:read",
) -> Expansion:
    def load(tenant: Tenant, public_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        rows: Mapping[UUID, Identified] = find(tenant, [ids.from_public(prefix, one) for one in public_ids])
        return {row.public_id: render(row) for row in rows.values()}

    return Expansion(needs, load)


ORDER = _expansion("ord", orders.orders_by_id, show.order_object, needs="orders:read")
PAYMENT = _expansion("pay", payments.payments_by_id, show.listed_payment)
CUSTOMER = _expansion("cus", customers.customers_by_id, show.customer_object)
PAYMENT_METHOD = _expansion("pm", customers.payment_methods_by_id, show.payment_method_object)
OPERATION = _expansion("opn", operations.operations_by_id, show.operation_object)
