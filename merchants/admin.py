"""Staff look after merchants, people and who works where. Keys can be read, without their secrets."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest

from gateway.audit.admin import AuditedAdmin
from gateway.core.admin import ReadOnlyAdmin
from merchants.models import ApiKey, LoginSession, Membership, Merchant, PublishableKey, User


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A person; the password is set here and never shown."""

    new_password = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text="Leave it empty to keep the present one.",
    )

    class Meta:
        model = User
        fields: ClassVar = ("email", "name", "is_active", "is_staff", "is_superuser")

    def clean_email(self) -> str:
        """The one spelling under which an address is stored."""
        return User.objects.normalized(self.cleaned_data["email"])

    def clean_new_password(self) -> str:
        """Long and uncommon; demanded of a new person."""
        password: str = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        elif self.instance._state.adding:
            raise forms.ValidationError("A new person needs a password.")
        return password


@admin.register(User)
class PersonAdmin(AuditedAdmin):
    """People who sign in."""

    form = PersonForm
    list_display = ("email", "name", "is_active", "is_staff", "last_login", "created_at")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("email",)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Nobody hands out more than they hold."""
        return () if request.user.is_superuser else ("is_staff", "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who may do everything is changed only by such a person: a new password would be their powers."""
        is_above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not is_above and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """With the new password, if there is one."""
        if form.cleaned_data["new_password"]:
            obj.set_password(form.cleaned_data["new_password"])
        super().save_model(request, obj, form, change)


@admin.register(Merchant)
class MerchantAdmin(AuditedAdmin):
    """Businesses that take payments."""

    list_display = ("name", "slug", "country", "default_currency", "fee_basis_points", "fee_on_refund", "created_at")
    search_fields = ("name", "slug")
    exclude = ("test_clock_offset",)
    ordering = ("name",)

    def get_readonly_fields(self, request: HttpRequest, obj: Merchant | None = None) -> tuple[str, ...]:
        """The short name stays what it was: others have written it down."""
        return ("slug",) if obj else ()


@admin.register(Membership)
class MembershipAdmin(AuditedAdmin):
    """Who works where, as what."""

    list_display = ("user", "merchant", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "merchant")
    autocomplete_fields = ("user", "merchant")

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        """Another person or merchant is another membership."""
        return ("user", "merchant") if obj else ()


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys, without what proves them."""

    list_display = ("key_id", "name", "merchant", "livemode", "last_used_at", "expires_at", "revoked_at")
    list_filter = ("livemode",)
    list_select_related = ("merchant",)
    search_fields = ("key_id", "name")
    exclude = ("secret_hash",)


@admin.register(PublishableKey)
class PublishableKeyAdmin(ReadOnlyAdmin):
    """Keys that may stand in a page."""

    list_display = ("value", "name", "merchant", "livemode", "last_used_at", "revoked_at")
    list_select_related = ("merchant",)


@admin.register(LoginSession)
class LoginSessionAdmin(ReadOnlyAdmin):
    """Who is signed in over the API."""

    list_display = ("user", "merchant", "livemode", "created_at", "expires_at", "revoked_at", "revoked_reason")
    list_select_related = ("user", "merchant")
    exclude = ("refresh_jti",)
