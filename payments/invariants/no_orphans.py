"""References that the database does not hold by itself, and tenants that never mix."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.invariants import Violation, broken_links

NAME = "payments.no_orphans"
DESCRIPTION = "Every reference leads to a row of the same merchant and mode."

_LINKS = (
    # child table, column, parent table
    ("payments_operation", "payment_id", "payments_payment"),
    ("payments_operation", "provider_account_id", "payments_provideraccount"),
    ("payments_payment", "order_id", "payments_order"),
    ("payments_payment", "customer_id", "payments_customer"),
    ("payments_payment", "payment_method_id", "payments_paymentmethod"),
    ("payments_payment", "provider_account_id", "payments_provideraccount"),
    ("payments_order", "live_payment_id", "payments_payment"),
    ("payments_order", "next_payment_id", "payments_payment"),
    ("payments_order", "latest_payment_id", "payments_payment"),
    ("payments_order", "customer_id", "payments_customer"),
    ("payments_token", "provider_account_id", "payments_provideraccount"),
    ("payments_token", "payment_method_id", "payments_paymentmethod"),
    ("payments_paymentmethod", "customer_id", "payments_customer"),
    ("payments_paymentmethod", "provider_account_id", "payments_provideraccount"),
    ("payments_customer", "default_payment_method_id", "payments_paymentmethod"),
)


def violations() -> Iterator[Violation]:
    """Rows whose reference leads nowhere, or to another merchant or mode."""
    return broken_links(_LINKS)
