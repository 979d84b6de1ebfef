"""Anomalies as plain data for templates: what happened, what it means, what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dashboard.forms.anomalies import posting_text
from dashboard.selectors.anomaly_subject import AnomalySubject
from gateway.core.ids import to_public
from payments.models import Anomaly
from payments.rules.anomaly_postings import is_for_staff


@dataclass(frozen=True, slots=True)
class Explanation:
    """A kind of anomaly in plain words."""

    title: str
    meaning: str
    advice: str


_SUSPENSE = "The difference is in suspense: it belongs to nobody until somebody decides."
_RETURNED = Explanation(
    "Moved back after it was settled here",
    "The bank took back a movement that somebody had settled here before. That money is in suspense again.",
    "The gateway's operator reverses what was decided then; the resolved anomaly of the same payment says what that was.",
)
KINDS: dict[str, Explanation] = {
    "settlement_amount_differs": Explanation(
        "Settled with another amount",
        f"For one movement the bank paid out another amount than our books have. {_SUSPENSE}",
        "Ask the bank which amount is right. A correction in a later file arrives as an anomaly of its own.",
    ),
    "settlement_duplicate_line": Explanation(
        "Settled twice",
        f"The bank paid out the same movement again. The second payout is recorded as cash. {_SUSPENSE}",
        "Tell the bank. It will usually take the money back in a later file.",
    ),
    "settlement_unknown_line": Explanation(
        "Settled, and unknown here",
        "The bank settled a movement of which our books have nothing. The money is recorded, and in suspense.",
        "Find out whose it is: another system on the same bank account, or a mistake of the bank.",
    ),
    "settlement_file_unreadable": Explanation(
        "A settlement file could not be read",
        "The file is truncated, altered or not in the agreed form. Nothing of it was imported, so nothing in the books is wrong.",
        "It is read again by every import. If it stays unreadable, ask the bank for a new copy.",
    ),
    "not_settled": Explanation(
        "Not settled yet",
        "The bank confirmed this movement days ago, and it is in none of its settlement files.",
        "Ask the bank when it will be settled. This closes by itself when a file names it.",
    ),
    "void_refused": Explanation(
        "Not given back",
        "The bank refuses again and again to give this payment back. Until it does, the customer's money stays held, or the "
        "challenge stays open.",
        "What must go back is asked for again every hour. See whether the account's credentials still work, and ask the bank.",
    ),
    "external_capture": Explanation(
        "Captured without us",
        "The bank captured more of this payment than we asked for. The money is in suspense.",
        "Somebody may have captured it in the bank's own portal. If the order was for that much, it is the merchant's money.",
    ),
    "capture_beyond_authorization": Explanation(
        "Captured after its end",
        "The bank took money for a payment that had no room for it any more. The money is in suspense.",
        "Refund the customer at the bank, or credit the merchant if the goods went out.",
    ),
    "external_refund_beyond_captured": Explanation(
        "Refunded beyond what was captured",
        "The bank sent back more than this payment had left. The money is missing, and suspense says so.",
        "Find out who refunded at the bank. If it was the merchant, the merchant owes it.",
    ),
    "refund_amount_differs": Explanation(
        "Refunded with another amount",
        f"The bank refunded another amount than was asked for. {_SUSPENSE}",
        "Ask the bank which amount the customer got.",
    ),
    "refund_contradiction": Explanation(
        "The bank contradicts itself about a refund",
        "It first said a definite no, and now that it sent the money. The refund stays failed, and the money is in suspense.",
        "Ask the bank whether the customer got the money.",
    ),
    "external_refund_beyond_captured_returned": _RETURNED,
    "refund_amount_differs_returned": _RETURNED,
    "refund_contradiction_returned": _RETURNED,
    "late_success_not_returned": Explanation(
        "Unwanted money did not go back",
        "This payment succeeded when its order no longer needed it, and its refund failed: the customer has paid for nothing.",
        "Refund the payment again. If the bank cannot return it, pay the customer back in another way and note how.",
    ),
    "declined_after_success": Explanation(
        "Refused after it was granted",
        "The bank granted this payment before and now says that it was refused. Our books keep the first word.",
        "Ask the bank whether the money was taken.",
    ),
    "voided_after_success": Explanation(
        "Voided after it was captured",
        "The bank says that it voided a payment whose money it had taken. Our books keep the capture.",
        "Ask the bank whether the customer was charged.",
    ),
    "foreign_payment": Explanation(
        "Another payment under this reference",
        "The bank's payment names an attempt that is not this payment's. Nothing of it was taken over.",
        "Ask the bank which payment its reference belongs to.",
    ),
    "operation_unresolved": Explanation(
        "An attempt without an outcome",
        "The bank cannot say any more what became of it, so nothing was guessed. Its amount stays set aside.",
        "The gateway's operator looks it up in the bank's own records, and tells the outcome.",
    ),
    "refund_outcome_unknown": Explanation(
        "A refund without an outcome",
        "The bank cannot say any more what became of it, so nothing was guessed. Its amount stays set aside.",
        "The gateway's operator looks it up in the bank's own records, and tells the outcome.",
    ),
}


def explanation_of(kind: str) -> Explanation:
    """The kind in words; one without an entry is shown by its own name."""
    return KINDS.get(kind) or Explanation(
        kind.replace("_", " ").capitalize(),
        "The provider said something that our books do not allow for. Nothing was overwritten.",
        "Compare the payment with the provider's own records, then note here what you found.",
    )


def anomaly_row(anomaly: Anomaly) -> dict[str, Any]:
    """A line of the list."""
    return {
        "id": anomaly.public_id,
        "url": reverse("dashboard:anomaly", args=[anomaly.public_id]),
        "title": _(explanation_of(anomaly.kind).title),
        "detail": anomaly.detail,
        "status": anomaly.status,
        "amount": anomaly.amount,
        "currency": anomaly.currency,
        "created_at": anomaly.created_at,
        "resolved_at": anomaly.resolved_at,
    }


def anomaly_page(anomaly: Anomaly, subject: AnomalySubject) -> dict[str, Any]:
    """The detail page."""
    words = explanation_of(anomaly.kind)
    return {
        **anomaly_row(anomaly),
        "kind": anomaly.kind,
        "meaning": _(words.meaning),
        "advice": _(words.advice),
        "is_open": anomaly.resolved_at is None,
        "is_for_operator": is_for_staff(anomaly.amount),
        "amount_words": _("Came in and is not explained") if anomaly.amount > 0 else _("Went out and is not explained"),
        "resolution": anomaly.resolution,
        "posting": posting_text(anomaly.posting, anomaly.amount) if anomaly.posting else "",
        "resolved_by": subject.resolver,
        "provider_object": anomaly.provider_object,
        "links": list(_links(subject)),
    }


def _links(subject: AnomalySubject) -> Iterator[dict[str, str]]:
    if subject.payment_id is not None:
        payment = to_public("pay", subject.payment_id)
        yield {"label": _("Payment"), "text": payment, "url": reverse("dashboard:payment", args=[payment])}
    if subject.refund_id is not None:
        yield {"label": _("Refund"), "text": to_public("rfd", subject.refund_id), "url": ""}
    if subject.file is not None:
        line = f", {_('line')} {subject.line_number}" if subject.line_number else ""
        url = reverse("dashboard:settlement", args=[subject.file.public_id])
        yield {"label": _("Settlement file"), "text": f"{subject.file.external_id}{line}", "url": url}
