"""The reason that a person gives for a decision about money. It stays.

>>> required_note("  Asked the bank. ")
'Asked the bank.'
"""

from __future__ import annotations

from gateway.core.errors import Invalid

NOTE_LENGTH = 500


def required_note(note: str) -> str:
    """The note without the space around it. Raises `Invalid` when nothing is left, or too much."""
    reason = note.strip()
    if not 0 < len(reason) <= NOTE_LENGTH:
        raise Invalid.field("note", "required", f"Say why, in 1 to {NOTE_LENGTH} characters.")
    return reason
