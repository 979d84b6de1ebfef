"""How the objects of this app look in answers: for the description of the API. `selectors/representations.py` makes them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from payments.states import CaptureMethod, OperationKind, OperationStatus, OrderStatus, PaymentStatus


class ObjectShown(serializers.Serializer[Any]):
    """What every object has."""

    id = serializers.CharField()
    object = serializers.CharField()
    livemode = serializers.BooleanField()
    metadata = serializers.DictField(child=serializers.CharField())
    version = serializers.IntegerField(help_text="Grows with every change.")
    created_at = serializers.DateTimeField()


class OrderShown(ObjectShown):
    """An order."""

    amount = serializers.IntegerField()
    amount_paid = serializers.IntegerField(help_text="Gross: refunds do not lower it.")
    amount_refunded = serializers.IntegerField()
    amount_due = serializers.IntegerField()
    currency = serializers.CharField()
    status = serializers.ChoiceField(choices=OrderStatus.values)
    reference = serializers.CharField(allow_null=True)
    description = serializers.CharField(allow_null=True)
    line_items = serializers.ListField(child=serializers.DictField())
    customer = serializers.CharField(allow_null=True)
    return_url = serializers.CharField(allow_null=True)
    cancel_url = serializers.CharField(allow_null=True)
    checkout_url = serializers.CharField(help_text="Send the customer here.")
    latest_payment = serializers.CharField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    paid_at = serializers.DateTimeField(allow_null=True)


class CardShown(serializers.Serializer[Any]):
    """A card, masked."""

    brand = serializers.CharField()
    last4 = serializers.CharField()
    exp_month = serializers.IntegerField()
    exp_year = serializers.IntegerField()
    funding = serializers.CharField(required=False)
    country = serializers.CharField(required=False)
    fingerprint = serializers.CharField(help_text="The same for the same card at the same merchant.")


class UpiShown(serializers.Serializer[Any]):
    """A UPI address, masked."""

    vpa_masked = serializers.CharField()
    fingerprint = serializers.CharField()


class TokenShown(ObjectShown):
    """A token."""

    type = serializers.ChoiceField(choices=["card", "upi"])
    card = CardShown(required=False)
    upi = UpiShown(required=False)
    used = serializers.BooleanField()
    expires_at = serializers.DateTimeField()


class PaymentMethodShown(ObjectShown):
    """A payment method."""

    type = serializers.ChoiceField(choices=["card", "upi"])
    card = CardShown(required=False)
    upi = UpiShown(required=False)
    customer = serializers.CharField(allow_null=True)
    is_default = serializers.BooleanField()
    is_saved = serializers.BooleanField()


class NextActionShown(serializers.Serializer[Any]):
    """What the customer must do."""

    type = serializers.ChoiceField(choices=["redirect", "upi_qr"])
    url = serializers.CharField()


class FailureShown(serializers.Serializer[Any]):
    """Why it did not work."""

    code = serializers.CharField()
    decline_code = serializers.CharField(allow_null=True)
    message = serializers.CharField()
    advice = serializers.ChoiceField(choices=["retry", "use_other_method", "contact_bank"])


class PaymentShown(ObjectShown):
    """A payment."""

    amount = serializers.IntegerField()
    currency = serializers.CharField()
    status = serializers.ChoiceField(choices=PaymentStatus.values)
    order = serializers.CharField()
    customer = serializers.CharField(allow_null=True)
    payment_method = serializers.CharField(allow_null=True)
    payment_method_details = serializers.DictField(allow_null=True)
    capture_method = serializers.ChoiceField(choices=CaptureMethod.values)
    amount_authorized = serializers.IntegerField()
    amount_capturable = serializers.IntegerField()
    amount_captured = serializers.IntegerField()
    amount_refunded = serializers.IntegerField()
    amount_disputed = serializers.IntegerField()
    next_action = NextActionShown(allow_null=True)
    failure = FailureShown(allow_null=True)
    provider = serializers.CharField(allow_null=True)
    provider_reference = serializers.CharField(allow_null=True)
    operations = serializers.ListField(child=serializers.CharField(), help_text="Expandable.")
    risk = serializers.DictField(allow_null=True)
    three_d_secure = serializers.DictField(allow_null=True)
    statement_descriptor = serializers.CharField(allow_null=True)
    return_url = serializers.CharField(allow_null=True)
    setup_future_usage = serializers.CharField(allow_null=True)
    late_success = serializers.BooleanField(help_text="The provider reported success after a final no.")
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Until when the customer may act.")
    captured_at = serializers.DateTimeField(allow_null=True)
    canceled_at = serializers.DateTimeField(allow_null=True)


class IntegrationPaymentShown(PaymentShown):
    """A payment, with the name that the first integrations know it by."""

    transactionId = serializers.CharField()  # noqa: N815


class OperationShown(ObjectShown):
    """One request to a provider."""

    payment = serializers.CharField()
    kind = serializers.ChoiceField(choices=OperationKind.values)
    status = serializers.ChoiceField(choices=OperationStatus.values)
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    provider = serializers.CharField()
    provider_account = serializers.CharField()
    provider_reference = serializers.CharField(allow_null=True)
    purpose = serializers.CharField(allow_null=True)
    final = serializers.BooleanField()
    code = serializers.CharField(allow_null=True)
    decline_code = serializers.CharField(allow_null=True)
    message = serializers.CharField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    resolved_at = serializers.DateTimeField(allow_null=True)


class CustomerShown(ObjectShown):
    """A customer."""

    name = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True)
    description = serializers.CharField(allow_null=True)
    default_payment_method = serializers.CharField(allow_null=True)
    erased = serializers.BooleanField()


class PaymentEventShown(serializers.Serializer[Any]):
    """An event about a payment, as webhooks deliver it."""

    id = serializers.CharField()
    object = serializers.ChoiceField(choices=["event"])
    type = serializers.CharField()
    event = serializers.CharField(help_text="The same as `type`.")
    timestamp = serializers.DateTimeField()
    api_version = serializers.CharField()
    livemode = serializers.BooleanField()
    amount = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField(allow_null=True)
    status = serializers.CharField(allow_null=True)
    data = serializers.DictField()  # type: ignore[assignment]  # the name of the field, not the property
