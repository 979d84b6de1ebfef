"""The pure parts of the bank: their doctests read as specification."""

import doctest
from types import ModuleType

import pytest

import bank.cards
import bank.decisions
from bank.cards import CARDS_BY_NAME, UpiOutcome
from bank.decisions import Circumstances, Decision, decide_card, decide_upi


@pytest.mark.parametrize("module", [bank.cards, bank.decisions])
def test_the_examples_in_the_module_hold(module: ModuleType) -> None:
    result = doctest.testmod(module)

    assert (result.failed, result.attempted > 0) == (0, True)


def test_blocked_risk_comes_before_everything() -> None:
    decision = decide_card(CARDS_BY_NAME["risk_blocked"], Circumstances(forced_decline="expired_card"))

    assert decision == Decision(decline="fraudulent", risk="blocked")
    assert decision.risk_score == 99


def test_a_forced_outcome_comes_before_authentication() -> None:
    decision = decide_card(CARDS_BY_NAME["3ds_always"], Circumstances(forced_decline="expired_card"))

    assert decision == Decision(decline="expired_card")


def test_an_ordinary_decline_comes_after_authentication() -> None:
    card = CARDS_BY_NAME["3ds_then_insufficient_funds"]

    assert decide_card(card, Circumstances()).challenge == "three_d_secure"
    set_up = decide_card(card, Circumstances(off_session=True, set_up=True))
    assert set_up == Decision(decline="insufficient_funds", three_d_secure="exempt")


@pytest.mark.parametrize(
    ("outcome", "decision"),
    [
        (UpiOutcome.SUCCEEDS, Decision()),
        (UpiOutcome.DECLINES, Decision(decline="upi_declined")),
        (UpiOutcome.ASKS, Decision(challenge="upi")),
    ],
)
def test_upi(outcome: UpiOutcome, decision: Decision) -> None:
    assert decide_upi(outcome, Circumstances()) == decision
