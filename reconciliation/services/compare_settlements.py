"""A part of the oracle: what the bank says it paid out, file by file, against cash and fees in the ledger."""

from __future__ import annotations

from collections.abc import Iterator

from payments.models import ProviderAccount
from payments.selectors.provider_accounts import credentials_of
from reconciliation import states
from reconciliation.models import SettlementFile
from reconciliation.selectors.settled_money import settled_money
from reconciliation.services.ask_bank import BankUnreadable, ask_bank
from reconciliation.services.oracle import WITNESSED_PROVIDER

_ALL = "the oracle compares all there is"
_LISTED = 1000  # the newest that the bank names


def compare_settlements() -> Iterator[str]:
    """Every imported file whose money in the ledger is not the bank's, as a sentence. Asks only where files were imported."""
    imported = SettlementFile.objects.unscoped(_ALL).filter(state=states.IMPORTED)
    accounts = ProviderAccount.objects.unscoped(_ALL).filter(
        id__in=imported.values("provider_account"), provider=WITNESSED_PROVIDER
    )
    for account in accounts.order_by("id"):
        try:
            listed = ask_bank(account=credentials_of(account), path=f"/v1/settlements?limit={_LISTED}")["data"]
        except BankUnreadable as refusal:
            yield f"{account.public_id}: {refusal}"
            continue
        bank = {item["id"]: item["totals"] for item in listed}
        ledger = settled_money(account)
        for name in imported.filter(provider_account=account).order_by("id").values_list("external_id", flat=True):
            if name not in bank and len(bank) == _LISTED:
                continue  # older than what the bank still names
            paid = {currency: (sums["net"], sums["fee"]) for currency, sums in bank.get(name, {}).items()}
            if paid != ledger.get(name, {}):
                yield f"settlement file {name}: bank paid {paid}, ledger has {ledger.get(name, {})}."
