"""The dialogs of a payment's page: one for every action that is possible now, each with a fresh form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms

from dashboard.forms.payments import CancelForm, CaptureForm, RefundForm
from payments.models import Payment

FORMS: dict[str, Callable[..., forms.Form]] = {"refund": RefundForm, "capture": CaptureForm, "cancel": CancelForm}


def payment_dialogs(payment: Payment, actions: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    """What `_dialogs.html` draws."""
    return [
        {
            "name": action["name"],
            "title": action["label"],
            "action_url": action["url"],
            "form": FORMS[action["name"]](payment=payment),
        }
        for action in actions
    ]
