"""Work of reconciliation; each handler owns its transactions, because it talks to a provider."""

from __future__ import annotations

from gateway.work.rules import Result
from gateway.work.services.claim import Claim
from reconciliation.services.import_settlement_file import import_settlement_file as import_file
from reconciliation.services.list_settlement_files import list_settlement_files as list_files


def list_settlement_files(claim: Claim) -> Result:
    """Look for the files of provider account `claim.subject_id`."""
    return list_files(claim)


def import_settlement_file(claim: Claim) -> Result:
    """Import file `claim.subject_id`, or go on with it."""
    return import_file(claim)
