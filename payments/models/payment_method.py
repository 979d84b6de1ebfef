"""A way to pay that has been used."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from gateway.core.tenancy import MerchantOwned
from payments.models.customer import Customer
from payments.models.provider_account import ProviderAccount


class PaymentMethod(MerchantOwned):
    """Made from a token when it is used; chargeable again only when it was saved. `test_name`: a test method."""

    ID_PREFIX: ClassVar[str] = "pm"

    type = models.CharField(max_length=20)
    provider_account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="+")
    provider_reference = models.CharField(max_length=255)
    details = models.JSONField(default=dict)
    fingerprint = models.CharField(max_length=100, blank=True)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="+")
    is_saved = models.BooleanField(default=False)
    test_name = models.CharField(max_length=80, blank=True)
    metadata = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    detached_at = models.DateTimeField(null=True)

    class Meta(MerchantOwned.Meta):
        indexes = (
            models.Index(fields=("merchant", "livemode", "-id"), name="method_by_merchant"),
            models.Index(fields=("customer", "-id"), name="method_by_customer"),
            models.Index(
                fields=("merchant", "test_name"), condition=~models.Q(test_name=""), name="method_by_test_name"
            ),
        )

    def __str__(self) -> str:
        return self.public_id
