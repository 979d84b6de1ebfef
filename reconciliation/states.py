"""What becomes of a settlement file, and of a line."""

from __future__ import annotations

from gateway.core.states import TransitionTable

LISTED, UNREADABLE, IMPORTING, IMPORTED = "listed", "unreadable", "importing", "imported"

# A file that could not be read is tried again: its next reading may be whole.
FILE = TransitionTable(
    "settlement_file",
    {
        LISTED: {UNREADABLE, IMPORTING},
        UNREADABLE: {IMPORTING},
        IMPORTING: {IMPORTED},
        IMPORTED: set(),
    },
)
# What remains to be done.
UNFINISHED = (LISTED, UNREADABLE, IMPORTING)

PENDING, MATCHED, DIFFERENT = "pending", "matched", "different"

LINE = TransitionTable("settlement_line", {PENDING: {MATCHED, DIFFERENT}, MATCHED: set(), DIFFERENT: set()})

# Kinds of work.
LIST_FILES = "reconciliation.list_settlement_files"
IMPORT_FILE = "reconciliation.import_settlement_file"
