"""What became of a request, in the provider's own records, where the provider itself can no longer be asked by its key.

>>> told_outcome(was_done=True, reference=" bcap_1 ", note="On the statement of 3 May.").reference
'bcap_1'
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.errors import Invalid
from payments.rules.notes import required_note

REFERENCE_LENGTH = 255


@dataclass(frozen=True, slots=True)
class ToldOutcome:
    """Whether it was done as we had asked, with its id at the provider ("" where it was not), and how one knows."""

    was_done: bool
    reference: str
    note: str


def told_outcome(*, was_done: bool, reference: str, note: str) -> ToldOutcome:
    """The outcome as it was told. Raises `Invalid` without a note, and for what was done without a reference."""
    told = ToldOutcome(was_done, reference.strip() if was_done else "", required_note(note))
    if was_done and not 0 < len(told.reference) <= REFERENCE_LENGTH:
        raise Invalid.field("reference", "required", "Name the id that the provider's records have for it.")
    return told


def taken_reference() -> Invalid:
    """The refusal of an id that is known as something else."""
    return Invalid.field("reference", "invalid", "This id is known already: it belongs to something else here.")
