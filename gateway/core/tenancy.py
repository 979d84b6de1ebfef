"""Tenancy: every row of a merchant's data names its merchant and its mode, and every query starts from both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID

from django.db import models

from gateway.core.ids import new_id, to_public

_M = TypeVar("_M", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Tenant:
    """A merchant in a mode: what a credential or a session stands for."""

    merchant_id: UUID
    livemode: bool


class TenantManager(models.Manager[_M]):
    """The only public way to a merchant's rows. It has none of the usual query methods, on purpose."""

    use_in_migrations = False

    def for_merchant(self, tenant: Tenant) -> models.QuerySet[_M]:
        """The rows of this merchant in this mode."""
        return super().get_queryset().filter(merchant_id=tenant.merchant_id, livemode=tenant.livemode)

    def unscoped(self, reason: str) -> models.QuerySet[_M]:
        """Rows of all merchants. `reason` says why this place may look across tenants; it is for the reader and the lint."""
        if not reason:
            message = "an unscoped query needs a reason"
            raise ValueError(message)
        return super().get_queryset()

    def get_queryset(self) -> models.QuerySet[_M]:
        """Refused: `Model.objects.filter(...)` would look across tenants."""
        message = f"use {self.model.__name__}.objects.for_merchant(tenant) or .unscoped(reason)"
        raise TypeError(message)


class Identified(models.Model):
    """A row with a UUIDv7 and a public TypeID."""

    ID_PREFIX: ClassVar[str]

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True

    @property
    def public_id(self) -> str:
        """The id as the API shows it."""
        return to_public(self.ID_PREFIX, self.id)


class MerchantOwned(Identified):
    """A row that belongs to one merchant in one mode."""

    merchant = models.ForeignKey("merchants.Merchant", on_delete=models.PROTECT, related_name="+")
    livemode = models.BooleanField()

    objects: ClassVar[TenantManager[Self]] = TenantManager()
    all_rows: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        abstract = True
        base_manager_name = "all_rows"
        default_manager_name = "all_rows"

    @property
    def tenant(self) -> Tenant:
        """The merchant and mode of this row."""
        return Tenant(self.merchant_id, self.livemode)
