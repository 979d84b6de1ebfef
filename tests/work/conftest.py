import pytest
from pytest_django import Settings

from tests.work import handlers
from tests.work.kinds import KINDS


@pytest.fixture(autouse=True)
def test_kinds(settings: Settings) -> None:
    """The kinds of `tests/work/handlers.py`, and a doorbell that nobody hears."""
    settings.WORK_HANDLERS = KINDS
    settings.WORK_DOORBELL = "tests.work.conftest.silent_doorbell"
    handlers.seen.clear()


def silent_doorbell(work_id: str, queue: str) -> None:
    """Rings nowhere: the tests claim by themselves."""
