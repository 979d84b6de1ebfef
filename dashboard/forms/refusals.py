"""A domain's refusal as a form's error: the same words as in the API, at the field they are about."""

from __future__ import annotations

from typing import TypeVar

from django import forms

from gateway.core.errors import DomainError, Invalid

_F = TypeVar("_F", bound=forms.Form)


def add_refusal(form: _F, refusal: DomainError, names: dict[str, str] | None = None) -> _F:
    """The form with the refusal in it. `names` maps the domain's field names to the form's where they differ."""
    placed = False
    for error in refusal.errors if isinstance(refusal, Invalid) else ():
        name = (names or {}).get(error.field, error.field).split(".")[0]
        if name in form.fields:
            form.add_error(name, error.message)
            placed = True
    if not placed:
        form.add_error(None, refusal.detail)
    return form
