"""Turn what the caller pays with into a payment method, under the locks of the payment that uses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from gateway.core.errors import Invalid
from gateway.core.ids import id_time
from gateway.core.tenancy import Tenant
from payments.errors import PaymentMethodNotSaved, TokenExpired, TokenUsed
from payments.models import Customer, PaymentMethod
from payments.providers.base import NamedTestMethod
from payments.selectors.customers import get_payment_method, list_payment_methods
from payments.selectors.tokens import token_for_update
from payments.services.create_token import method_fingerprint, shown_details, tokenize
from payments.services.route_payment import route_payment

# The simulated bank keeps a reference for 30 days.
_TEST_METHOD_LIFE = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class PayWith:
    """What a payment is made with: exactly one of a token, a saved payment method, or a published test method's name."""

    token_id: UUID | None = None
    payment_method_id: UUID | None = None
    test_method: str = ""

    def __bool__(self) -> bool:
        return bool(self.token_id or self.payment_method_id or self.test_method)


def prepare_test_method(*, tenant: Tenant, pay_with: PayWith, now: datetime) -> PayWith:
    """Exchange a test method's name (`pm_card_visa`) for this merchant's payment method; other inputs stay as they are.

    The first use asks the provider, so no transaction may be open. Raises `Invalid` for an unknown name and in live mode.
    """
    if not pay_with.test_method:
        return pay_with
    name = pay_with.test_method
    if tenant.livemode:
        raise Invalid.field("payment_method", "test_method_in_live_mode", "Test methods exist in test mode only.")
    account = route_payment(tenant=tenant)
    known = list_payment_methods(tenant).filter(test_name=name, provider_account=account).order_by("-id").first()
    if known is None or timezone.now() - id_time(known.id) > _TEST_METHOD_LIFE:
        kept = tokenize(account, NamedTestMethod(name))
        known = PaymentMethod(
            merchant_id=tenant.merchant_id,
            livemode=tenant.livemode,
            type=kept.type,
            provider_account=account,
            provider_reference=kept.reference,
            details=shown_details(account, kept),
            fingerprint=method_fingerprint(account, kept),
            is_saved=True,
            test_name=name,
            created_at=now,
        )
        with transaction.atomic():
            known.save(force_insert=True)
    return PayWith(payment_method_id=known.id)


def take_method(
    *, tenant: Tenant, pay_with: PayWith, customer: Customer | None, save: bool, now: datetime
) -> PaymentMethod | None:
    """The method, consuming a token if that is what was given; None when nothing was. Runs in the caller's transaction.

    Raises `TokenUsed`, `TokenExpired`, `PaymentMethodNotSaved` or `NotFound`.
    """
    if pay_with.token_id is not None:
        return _consume(tenant, pay_with.token_id, customer=customer, save=save, now=now)
    if pay_with.payment_method_id is not None:
        return _reuse(tenant, pay_with.payment_method_id, customer)
    return None


def _reuse(tenant: Tenant, method_id: UUID, customer: Customer | None) -> PaymentMethod:
    method = get_payment_method(tenant, method_id)
    if not method.is_saved or method.detached_at is not None:
        raise PaymentMethodNotSaved
    if method.customer_id is not None and (customer is None or customer.id != method.customer_id):
        raise Invalid.field("customer", "other_customer", "This payment method belongs to another customer.")
    return method


def _consume(tenant: Tenant, token_id: UUID, *, customer: Customer | None, save: bool, now: datetime) -> PaymentMethod:
    token = token_for_update(tenant, token_id)
    real_now = timezone.now()
    if token.used_at is not None:
        raise TokenUsed
    if token.expires_at <= real_now:
        raise TokenExpired
    method = PaymentMethod(
        merchant_id=tenant.merchant_id,
        livemode=tenant.livemode,
        type=token.type,
        provider_account=token.provider_account,
        provider_reference=token.provider_reference,
        details=token.details,
        fingerprint=token.fingerprint,
        customer=customer,
        is_saved=save,
        created_at=now,
    )
    method.save(force_insert=True)
    token.used_at, token.payment_method_id = real_now, method.id
    token.version += 1
    token.save(update_fields=["used_at", "payment_method_id", "version"])
    return method
