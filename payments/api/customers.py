"""Customers over the API."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.idempotent import IdempotentMixin
from gateway.api.views import GatewayView
from gateway.core import clock, ids
from payments.api import loaders
from payments.api.serializers import (
    CreateCustomerInput,
    CustomerFilters,
    PaymentFilters,
    PaymentMethodFilters,
    UpdateCustomerInput,
)
from payments.api.shown import CustomerShown, PaymentMethodShown, PaymentShown
from payments.models import Customer
from payments.selectors.customers import get_customer, list_customers, list_payment_methods
from payments.selectors.payments import list_payments, with_operations
from payments.selectors.representations import customer_object, listed_payment, payment_method_object
from payments.services.create_customer import create_customer
from payments.services.erase_customer import erase_customer
from payments.services.update_customer import update_customer


class Customers(IdempotentMixin, GatewayView):
    """The merchant's customers, and new ones."""

    required_permission = {"GET": "payments:read", "POST": "payments:write"}
    idempotency_key = "accepted"
    expandable = {"default_payment_method": loaders.PAYMENT_METHOD}
    filters = CustomerFilters

    @extend_schema(operation_id="list_customers", responses={200: CustomerShown(many=True)})
    def get(self, request: Request) -> Response:
        """List customers, newest first."""
        return self.page(list_customers(self.tenant), customer_object)

    @extend_schema(operation_id="create_customer", request=CreateCustomerInput, responses={201: CustomerShown})
    def post(self, request: Request) -> Response:
        """Create a customer."""
        asked = self.body(CreateCustomerInput)
        return self.idempotent(
            request,
            run=lambda call: create_customer(tenant=self.tenant, now=clock.now(), call=call, **asked),
            render=customer_object,
        )


class CustomerView(GatewayView):
    """What all views of one customer share."""

    def found(self, customer: str) -> Customer:
        """The customer of the path."""
        return get_customer(self.tenant, ids.from_public("cus", customer))


class CustomerDetail(CustomerView):
    """One customer."""

    required_permission = {"GET": "payments:read", "PATCH": "payments:write", "DELETE": "payments:write"}
    expandable = {"default_payment_method": loaders.PAYMENT_METHOD}

    @extend_schema(operation_id="get_customer", responses={200: CustomerShown})
    def get(self, request: Request, customer: str) -> Response:
        """Get a customer."""
        return self.answer(customer_object(self.found(customer)))

    @extend_schema(operation_id="update_customer", request=UpdateCustomerInput, responses={200: CustomerShown})
    def patch(self, request: Request, customer: str) -> Response:
        """Change the fields that are sent."""
        asked = self.body(UpdateCustomerInput)
        default = asked.pop("default_payment_method", None)
        changed = update_customer(
            tenant=self.tenant,
            customer_id=ids.from_public("cus", customer),
            changes=asked,
            default_payment_method_id=default,
            now=clock.now(),
        )
        return self.answer(customer_object(changed))

    @extend_schema(operation_id="erase_customer", responses={200: CustomerShown})
    def delete(self, request: Request, customer: str) -> Response:
        """Erase a customer's personal data, everywhere and for good. Payments and books stay."""
        customer_id = ids.from_public("cus", customer)
        erased = erase_customer(tenant=self.tenant, customer_id=customer_id, now=clock.now())
        return self.answer(customer_object(erased))


class CustomerPayments(CustomerView):
    """What a customer has paid."""

    required_permission = "payments:read"
    filters = PaymentFilters

    @extend_schema(operation_id="list_customer_payments", responses={200: PaymentShown(many=True)})
    def get(self, request: Request, customer: str) -> Response:
        """List a customer's payments, newest first."""
        rows = list_payments(self.tenant).filter(customer=self.found(customer))
        return self.page(with_operations(rows), listed_payment)


class CustomerPaymentMethods(CustomerView):
    """What a customer pays with."""

    required_permission = "payments:read"
    filters = PaymentMethodFilters

    @extend_schema(operation_id="list_customer_payment_methods", responses={200: PaymentMethodShown(many=True)})
    def get(self, request: Request, customer: str) -> Response:
        """List a customer's saved payment methods, newest first."""
        rows = list_payment_methods(self.tenant).filter(customer=self.found(customer), is_saved=True)
        return self.page(rows, payment_method_object)
