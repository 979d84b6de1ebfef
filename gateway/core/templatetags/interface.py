"""Tags that every page uses: icons, amounts, moments, statuses. They get plain values and return escaped HTML."""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext as _
from lucide.templatetags.lucide import lucide

from gateway.core.display import moment_text, money_parts, money_text

register = template.Library()

# state -> (tone, icon, word). The word says it, the shape repeats it, the colour only helps.
_STATUSES = {
    "succeeded": ("success", "circle-check", pgettext_lazy("status", "Succeeded")),
    "paid": ("success", "circle-check", pgettext_lazy("status", "Paid")),
    "partially_paid": ("progress", "circle-dot", pgettext_lazy("status", "Partly paid")),
    "delivered": ("success", "circle-check", pgettext_lazy("status", "Delivered")),
    "complete": ("success", "circle-check", pgettext_lazy("status", "Complete")),
    "enabled": ("success", "circle-check", pgettext_lazy("status", "Enabled")),
    "active": ("success", "circle-check", pgettext_lazy("status", "Active")),
    "imported": ("success", "circle-check", pgettext_lazy("status", "Imported")),
    "matched": ("success", "circle-check", pgettext_lazy("status", "Matches")),
    "resolved": ("success", "circle-check", pgettext_lazy("status", "Resolved")),
    "won": ("success", "circle-check", pgettext_lazy("status", "Won")),
    "processing": ("progress", "circle-ellipsis", pgettext_lazy("status", "Processing")),
    "sent": ("progress", "circle-ellipsis", pgettext_lazy("status", "Sent")),
    "delivering": ("progress", "circle-ellipsis", pgettext_lazy("status", "Delivering")),
    "open": ("progress", "circle-dot", pgettext_lazy("status", "Open")),
    "listed": ("progress", "circle-ellipsis", pgettext_lazy("status", "Waiting")),
    "importing": ("progress", "circle-ellipsis", pgettext_lazy("status", "Importing")),
    "pending": ("progress", "circle-ellipsis", pgettext_lazy("status", "Pending")),
    "requires_capture": ("attention", "circle-pause", pgettext_lazy("status", "Authorized")),
    "requires_action": ("attention", "circle-user", pgettext_lazy("status", "Waiting for customer")),
    "requires_review": ("attention", "circle-question-mark", pgettext_lazy("status", "In review")),
    "requires_payment_method": ("neutral", "circle-dashed", pgettext_lazy("status", "Needs a method")),
    "requires_confirmation": ("neutral", "circle-dashed", pgettext_lazy("status", "Needs confirmation")),
    "different": ("attention", "triangle-alert", pgettext_lazy("status", "Differs")),
    "unknown": ("attention", "circle-question-mark", pgettext_lazy("status", "Outcome unknown")),
    "needs_response": ("attention", "triangle-alert", pgettext_lazy("status", "Needs response")),
    "disabled": ("neutral", "circle-slash", pgettext_lazy("status", "Disabled")),
    "revoked": ("neutral", "circle-slash", pgettext_lazy("status", "Revoked")),
    "created": ("neutral", "circle-dashed", pgettext_lazy("status", "Created")),
    "attempted": ("neutral", "circle-dot-dashed", pgettext_lazy("status", "Attempted")),
    "canceled": ("neutral", "circle-slash", pgettext_lazy("status", "Canceled")),
    "discarded": ("neutral", "circle-slash", pgettext_lazy("status", "Discarded")),
    "expired": ("neutral", "timer-off", pgettext_lazy("status", "Expired")),
    "refunded": ("neutral", "undo-2", pgettext_lazy("status", "Refunded")),
    "partially_refunded": ("neutral", "undo-2", pgettext_lazy("status", "Partly refunded")),
    "declined": ("danger", "circle-x", pgettext_lazy("status", "Declined")),
    "failed": ("danger", "circle-x", pgettext_lazy("status", "Failed")),
    "unreadable": ("danger", "circle-x", pgettext_lazy("status", "Unreadable")),
    "lost": ("danger", "circle-x", pgettext_lazy("status", "Lost")),
}


_SPACE_BETWEEN_TAGS = re.compile(r">\s+<")


@functools.lru_cache(maxsize=256)
def _icon(name: str) -> str:
    attributes = {"class": "icon", "data_icon": name, "aria_hidden": "true"}
    svg = str(lucide(name, size=None, **attributes))
    return _SPACE_BETWEEN_TAGS.sub("><", svg).strip()


@register.simple_tag
def icon(name: str) -> SafeString:
    """A lucide icon as inline SVG, hidden from screen readers: the words beside it say the same."""
    return mark_safe(_icon(name))  # noqa: S308 - the svg comes from the installed package, its name from our templates


@register.simple_tag
def status(state: str) -> SafeString:
    """A state as word, shape and colour. A state without an entry is shown as its own words."""
    tone, shape, word = _STATUSES.get(state, ("neutral", "circle", state.replace("_", " ").capitalize()))
    return format_html('<span class="status status-{}">{}{}</span>', tone, icon(shape), word)


@register.simple_tag
def status_icon(state: str) -> SafeString:
    """The shape of a state alone, where the word stands beside it."""
    return icon(_STATUSES.get(state, ("neutral", "circle", ""))[1])


@register.simple_tag
def money(amount: int, currency: str) -> SafeString:
    """An amount of minor units: figure and currency code, in the order of the page's language."""
    figure, code, code_first = money_parts(amount, currency, get_language() or "en")
    code_html = format_html('<span class="money-currency">{}</span>', code)
    parts = (code_html, figure) if code_first else (figure, code_html)
    return format_html('<span class="money">{}\N{NO-BREAK SPACE}{}</span>', *parts)


@register.simple_tag
def money_words(amount: int, currency: str) -> str:
    """The same as plain text, for buttons, titles and labels."""
    return money_text(amount, currency, get_language() or "en")


@register.simple_tag
def moment(value: datetime | None) -> SafeString:
    """A moment as date and time; the full text with its zone on hover and for screen readers."""
    if value is None:
        return format_html('<span class="faint">{}</span>', "\N{EM DASH}")
    return _time(value, moment_text(value, get_language() or "en"))


@register.simple_tag
def ago(value: datetime | None) -> SafeString:
    """How long ago (or from now) a moment is; the date on hover. Older than a week: the date itself."""
    if value is None:
        return format_html('<span class="faint">{}</span>', "\N{EM DASH}")
    return _time(value, _relative(int((timezone.now() - value).total_seconds())) or f"{value.astimezone(UTC):%d %b %Y}")


def _time(value: datetime, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.astimezone(UTC).isoformat(timespec="seconds"),
        moment_text(value, get_language() or "en"),
        text,
    )


def _relative(seconds: int) -> str:
    size = abs(seconds)
    if size < 60:
        return _("just now") if seconds >= 0 else _("in a moment")
    if size < 3600:
        amount = ngettext("%d min", "%d min", size // 60) % (size // 60)
    elif size < 86_400:
        amount = ngettext("%d hour", "%d hours", size // 3600) % (size // 3600)
    elif size < 7 * 86_400:
        amount = ngettext("%d day", "%d days", size // 86_400) % (size // 86_400)
    else:
        return ""
    if seconds >= 0:
        return pgettext("past", "%(amount)s ago") % {"amount": amount}
    return pgettext("future", "in %(amount)s") % {"amount": amount}
