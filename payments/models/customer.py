"""A customer of a merchant."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from gateway.core.tenancy import MerchantOwned


class Customer(MerchantOwned):
    """Who pays. Personal data lives here, in a row that erasure clears; copies are sealed with `data_key_id`."""

    ID_PREFIX: ClassVar[str] = "cus"

    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    description = models.CharField(max_length=500, blank=True)
    metadata = models.JSONField(default=dict)
    default_payment_method_id = models.UUIDField(null=True)
    data_key_id = models.UUIDField()
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)

    class Meta(MerchantOwned.Meta):
        indexes = (models.Index(fields=("merchant", "livemode", "-id"), name="customer_by_merchant"),)

    def __str__(self) -> str:
        return self.public_id
