"""What the endpoints of this app read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from gateway.api.filters import BooleanText, ChoicesField, ListFilters, MoneyFilters
from gateway.api.serializers import (
    AmountField,
    CurrencyField,
    MetadataField,
    StrictBooleanField,
    StrictIntegerField,
    StrictSerializer,
    TextField,
    TypeIdField,
)
from gateway.core import ids
from gateway.core.errors import NotFound
from payments.states import CaptureMethod, OrderStatus, PaymentStatus

MAX_LINE_ITEMS = 100


class UrlField(TextField):
    """An http or https address without a password in it, as it can stand in a `Location` header."""

    default_error_messages = {"bad_url": "Write a full address: https://..., other characters percent-encoded."}

    def to_internal_value(self, data: Any) -> str:
        """The address as it was written."""
        text = super().to_internal_value(data)
        try:
            parts = urlsplit(text)
            is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        except ValueError:
            is_good = False
        if not is_good or not text.isascii() or not text.isprintable() or " " in text:
            self.fail("bad_url")
        return text


class LineField(TextField):
    """One line of text that a bank can print."""

    default_error_messages = {"not_printable": "Write one line without control characters."}

    def to_internal_value(self, data: Any) -> str:
        """The line."""
        text = super().to_internal_value(data)
        if not text.isprintable():
            self.fail("not_printable")
        return text


@dataclass(frozen=True, slots=True)
class MethodNamed:
    """A payment method or token by id, or a published test method by name."""

    id: UUID | None = None
    test_name: str = ""


@extend_schema_field({"type": "string"})
class MethodField(serializers.Field[MethodNamed, Any, str, Any]):
    """An id (`pm_...` or `tok_...`), or in test mode a name like `pm_card_visa`."""

    default_error_messages = {"bad_id": "Neither an id that starts with `{prefix}_` nor the name of a test method."}

    def __init__(self, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> MethodNamed:
        """The id or the name."""
        text = data if type(data) is str else ""
        try:
            return MethodNamed(id=ids.from_public(self.prefix, text))
        except NotFound:
            is_name = text.startswith("pm_") and text.isascii() and len(text) <= 80 and text.count("_") >= 2
            if not is_name or not text.replace("_", "").isalnum():
                self.fail("bad_id", prefix=self.prefix)
            return MethodNamed(test_name=text)

    def to_representation(self, value: Any) -> str:
        """Never shown."""
        return str(value)


class LineItemInput(StrictSerializer):
    """One line of an order: for the customer to read. The order's `amount` is what is paid."""

    name = TextField(max_length=200)
    description = TextField(max_length=500, required=False)
    quantity = StrictIntegerField(min_value=1, max_value=1_000_000, required=False, default=1)
    amount = AmountField(minimum=0, required=False)
    sku = TextField(max_length=100, required=False)
    image_url = UrlField(max_length=2000, required=False)


class CreateOrderInput(StrictSerializer):
    """`POST /api/v1/orders`."""

    amount = AmountField()
    currency = CurrencyField()
    reference = TextField(max_length=100, required=False)
    description = TextField(max_length=500, required=False)
    line_items = serializers.ListField(child=LineItemInput(), required=False, max_length=MAX_LINE_ITEMS)
    customer = TypeIdField("cus", required=False, source="customer_id")
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    return_url = UrlField(max_length=2000, required=False)
    cancel_url = UrlField(max_length=2000, required=False)
    metadata = MetadataField(required=False)


class CardDetailsInput(StrictSerializer):
    """A card as it was typed. It goes to the provider's vault and nowhere else."""

    number = TextField(max_length=40, write_only=True)
    exp_month = StrictIntegerField()
    exp_year = StrictIntegerField()
    cvc = TextField(max_length=8, required=False, write_only=True)
    holder_name = TextField(max_length=200, required=False)
    postal_code = TextField(max_length=20, required=False)
    line1 = TextField(max_length=200, required=False)


class UpiDetailsInput(StrictSerializer):
    """A UPI address."""

    vpa = TextField(max_length=320)


class CreateTokenInput(StrictSerializer):
    """`POST /api/v1/tokens`: the details under the name of the `type`."""

    type = serializers.ChoiceField(choices=["card", "upi"])
    card = CardDetailsInput(required=False)
    upi = UpiDetailsInput(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly the details that `type` names."""
        for kind in ("card", "upi"):
            if kind == attrs["type"] and kind not in attrs:
                raise serializers.ValidationError({kind: "The details are needed under this name."}, code="required")
            if kind != attrs["type"] and kind in attrs:
                message = f"Not with a token of type {attrs['type']}."
                raise serializers.ValidationError({kind: message}, code="unknown_field")
        return attrs


class MethodDataInput(StrictSerializer):
    """A method that is new to us."""

    token = MethodField("tok")


class PayWithInput(StrictSerializer):
    """What a payment is made with: one of the two, or neither."""

    payment_method = MethodField("pm", required=False)
    payment_method_data = MethodDataInput(required=False)
    return_url = UrlField(max_length=2000, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Turn the two ways into what the service takes."""
        method: MethodNamed | None = attrs.pop("payment_method", None)
        data = attrs.pop("payment_method_data", None)
        if method is not None and data is not None:
            message = "Send a payment_method or payment_method_data, not both."
            raise serializers.ValidationError({"payment_method_data": message}, code="one_of")
        if method is not None:
            attrs |= {"payment_method_id": method.id, "test_method": method.test_name}
        if data is not None:
            token: MethodNamed = data["token"]
            attrs |= {"token_id": token.id, "test_method": token.test_name}
        return attrs


class CreatePaymentInput(PayWithInput):
    """`POST /api/v1/payments`."""

    order = TypeIdField("ord", required=False, source="order_id")
    amount = AmountField(required=False)
    currency = CurrencyField(required=False)
    confirm = StrictBooleanField(required=False, default=True)
    capture_method = serializers.ChoiceField(choices=CaptureMethod.values, required=False)
    customer = TypeIdField("cus", required=False, source="customer_id")
    setup_future_usage = serializers.ChoiceField(choices=["on_session", "off_session"], required=False)
    statement_descriptor = LineField(max_length=22, required=False)
    metadata = MetadataField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Without an order, the amount and its currency are needed."""
        missing = [name for name in ("amount", "currency") if "order_id" not in attrs and name not in attrs]
        if missing:
            message = "Needed where no order is named."
            raise serializers.ValidationError(dict.fromkeys(missing, message), code="required")
        return super().validate(attrs)


class ConfirmPaymentInput(PayWithInput):
    """`POST /api/v1/payments/{id}/confirm`."""


class ConfirmByIdInput(PayWithInput):
    """`POST /api/payments/confirm`."""

    transactionId = TypeIdField("pay", source="payment_id")  # noqa: N815


class CapturePaymentInput(StrictSerializer):
    """`POST /api/v1/payments/{id}/capture`: all that is left, unless an amount is given."""

    amount = AmountField(required=False)
    final = StrictBooleanField(
        required=False, default=False, help_text="Give back what is not captured; no more captures."
    )


class NothingInput(StrictSerializer):
    """An action that needs no words."""


class CreateCustomerInput(StrictSerializer):
    """`POST /api/v1/customers`."""

    name = TextField(max_length=200, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    phone = TextField(max_length=40, required=False, allow_blank=True)
    description = TextField(max_length=500, required=False, allow_blank=True)
    metadata = MetadataField(required=False)


class UpdateCustomerInput(CreateCustomerInput):
    """`PATCH /api/v1/customers/{id}`."""

    default_payment_method = TypeIdField("pm", required=False)


class AttachInput(StrictSerializer):
    """`POST /api/v1/payment_methods/{id}/attach`."""

    customer = TypeIdField("cus", source="customer_id")


class OrderFilters(MoneyFilters):
    """`GET /api/v1/orders`."""

    status = ChoicesField(OrderStatus.values)
    customer = TypeIdField("cus", required=False, source="customer_id")
    reference = TextField(max_length=100, required=False)
    search_in = ("reference", "description")


class PaymentFilters(MoneyFilters):
    """`GET /api/v1/payments`."""

    status = ChoicesField(PaymentStatus.values)
    order = TypeIdField("ord", required=False, source="order_id")
    customer = TypeIdField("cus", required=False, source="customer_id")
    late_success = BooleanText(required=False)
    search_in = ("order__reference", "order__description", "provider_reference", "payment_method__details__last4")


class CustomerFilters(ListFilters):
    """`GET /api/v1/customers`."""

    email = TextField(max_length=254, required=False, source="email__iexact")
    search_in = ("name", "email", "phone")


class PaymentMethodFilters(ListFilters):
    """`GET /api/v1/payment_methods`."""

    customer = TypeIdField("cus", required=False, source="customer_id")
