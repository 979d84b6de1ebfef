"""Staff read the books here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from gateway.core.admin import ReadOnlyAdmin
from gateway.ledger.models import Account, Checkpoint, Entry, Transaction


class EntryInline(admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable at run time
    """The sides of a transaction."""

    model = Entry
    fields = ("account", "direction", "amount", "currency")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(Transaction)
class TransactionAdmin(ReadOnlyAdmin):
    """One fact, posted once."""

    list_display = ("created_at", "source_type", "source_id", "event", "merchant", "livemode")
    list_filter = ("source_type", "livemode")
    list_select_related = ("merchant",)
    search_fields = ("source_id",)
    inlines = (EntryInline,)
    ordering = ("-id",)


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    """Where money is, or whose it is."""

    list_display = ("type", "currency", "merchant", "provider_account_id", "livemode")
    list_filter = ("type", "livemode", "currency")
    list_select_related = ("merchant",)


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """Every side of every transaction."""

    list_display = ("id", "account", "direction", "amount", "currency")
    list_filter = ("direction", "currency")
    list_select_related = ("account",)
    ordering = ("-id",)


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    """Balances that need not be summed again."""

    list_display = ("account", "through_id", "debits_less_credits", "created_at")
    list_select_related = ("account",)
    ordering = ("-id",)
