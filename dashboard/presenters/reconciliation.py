"""Settlement files and their lines as plain data for templates."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from gateway.core.ids import to_public
from reconciliation import states
from reconciliation.models import SettlementFile, SettlementLine

_TYPES = {"capture": "Capture", "refund": "Refund", "refund_returned": "Refund returned"}


def reconciliation_tabs(current: str) -> list[dict[str, Any]]:
    """The three lists of this section."""
    anomalies = reverse("dashboard:anomalies")
    choices = (
        ("files", _("Settlement files"), reverse("dashboard:settlements")),
        ("open", _("Open anomalies"), anomalies),
        ("resolved", _("Resolved"), f"{anomalies}?status=resolved"),
    )
    return [{"label": label, "url": url, "current": name == current} for name, label, url in choices]


def file_row(file: SettlementFile) -> dict[str, Any]:
    """A line of the list. A file in several currencies has its sums one below the other."""
    return {
        "id": file.public_id,
        "url": reverse("dashboard:settlement", args=[file.public_id]),
        "name": file.external_id,
        "date": file.date,
        "account": file.provider_account.name,
        "state": file.state,
        "lines": file.line_count,
        "differences": file.difference_count,
        "sums": [{"currency": currency, **sums} for currency, sums in sorted(file.totals.items())],
    }


def file_page(file: SettlementFile) -> dict[str, Any]:
    """The detail page's head and facts."""
    return {
        **file_row(file),
        "is_unreadable": file.state == states.UNREADABLE,
        "is_under_way": file.state in (states.LISTED, states.IMPORTING),
        "error": file.error,
        "sha256": file.sha256,
        "listed_at": file.listed_at,
        "imported_at": file.imported_at,
    }


def line_row(line: SettlementLine) -> dict[str, Any]:
    """A line of the file, with what our books had of it where that differs."""
    payment = to_public("pay", line.payment_id) if line.payment_id else ""
    return {
        "id": line.public_id,
        "number": line.number,
        "type": _(_TYPES[line.type]) if line.type in _TYPES else line.type.replace("_", " "),
        "object": line.provider_object,
        "payment": payment,
        "payment_url": reverse("dashboard:payment", args=[payment]) if payment else "",
        "currency": line.currency,
        "gross": line.gross,
        "fee": line.fee,
        "net": line.net,
        "state": line.state,
        "is_different": line.state == states.DIFFERENT,
        "is_duplicate": line.is_duplicate,
        "expected": line.expected,
        "anomaly_url": reverse("dashboard:anomaly", args=[to_public("anm", line.anomaly_id)])
        if line.anomaly_id
        else "",
    }
