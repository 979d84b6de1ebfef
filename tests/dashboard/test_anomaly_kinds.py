"""Each kind of anomaly in words: the page and docs/reconciliation.md say the same about what is in suspense."""

from __future__ import annotations

import re
from pathlib import Path

from dashboard.presenters.anomalies import KINDS, explanation_of

POSTINGS = {"credit_merchant", "charge_merchant", "write_off"}  # of the table below the kinds
DOCS = Path(__file__).resolve().parents[2] / "docs" / "reconciliation.md"


def documented() -> dict[str, str]:
    """kind -> what the table says is in suspense."""
    rows = re.findall(r"^\| (`[^|]+`) \| [^|]+ \| ([^|]+) \|$", DOCS.read_text(), re.MULTILINE)
    return {kind: held for kinds, held in rows for kind in re.findall(r"`(\w+)`", kinds) if kind not in POSTINGS}


def test_the_page_and_the_docs_know_the_same_kinds() -> None:
    assert set(documented()) == set(KINDS)


def test_the_page_speaks_of_suspense_where_the_docs_say_that_money_is_there() -> None:
    words = {kind: explanation_of(kind).meaning for kind in documented()}
    assert {kind for kind, meaning in words.items() if "suspense" in meaning} == {
        kind for kind, held in documented().items() if held != "nothing"
    }
