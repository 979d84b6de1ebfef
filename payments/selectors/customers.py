"""Reading customers and their payment methods."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from gateway.core.errors import NotFound
from gateway.core.tenancy import Tenant
from payments.errors import CustomerErased
from payments.models import Customer, PaymentMethod


def get_customer(tenant: Tenant, customer_id: UUID) -> Customer:
    """The merchant's customer. Raises `NotFound`."""
    customer = list_customers(tenant).filter(id=customer_id).first()
    if customer is None:
        raise NotFound("There is no such customer.")
    return customer


def hold_customer(tenant: Tenant, customer_id: UUID) -> Customer:
    """The merchant's customer, who cannot be erased until the commit. Lock it before orders and payments.

    Raises `NotFound` or `CustomerErased`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM payments_customer WHERE id = %s FOR KEY SHARE", [customer_id])
    customer = get_customer(tenant, customer_id)
    if customer.erased_at is not None:
        raise CustomerErased
    return customer


def customer_for_update(tenant: Tenant, customer_id: UUID) -> Customer:
    """The merchant's customer, locked. Raises `NotFound`."""
    customer = list_customers(tenant).select_for_update(of=("self",)).filter(id=customer_id).first()
    if customer is None:
        raise NotFound("There is no such customer.")
    return customer


def list_customers(tenant: Tenant) -> QuerySet[Customer]:
    """The merchant's customers in this mode, unordered."""
    return Customer.objects.for_merchant(tenant)


def customers_by_id(tenant: Tenant, ids: Sequence[UUID]) -> dict[UUID, Customer]:
    """Those of these customers that are the merchant's."""
    return list_customers(tenant).in_bulk(ids)


def get_payment_method(tenant: Tenant, method_id: UUID) -> PaymentMethod:
    """The merchant's payment method. Raises `NotFound`."""
    method = list_payment_methods(tenant).filter(id=method_id).first()
    if method is None:
        raise NotFound("There is no such payment method.")
    return method


def payment_method_for_update(tenant: Tenant, method_id: UUID) -> PaymentMethod:
    """The merchant's payment method, locked (after its customer). Raises `NotFound`."""
    method = list_payment_methods(tenant).select_for_update(of=("self",)).filter(id=method_id).first()
    if method is None:
        raise NotFound("There is no such payment method.")
    return method


def list_payment_methods(tenant: Tenant) -> QuerySet[PaymentMethod]:
    """The merchant's payment methods in this mode, unordered."""
    return PaymentMethod.objects.for_merchant(tenant).select_related("customer", "provider_account")


def payment_methods_by_id(tenant: Tenant, ids: Sequence[UUID]) -> dict[UUID, PaymentMethod]:
    """Those of these methods that are the merchant's."""
    return list_payment_methods(tenant).in_bulk(ids)
