"""Settings of the worker processes that the tests of durable work start: one machine's, with the kinds of these tests."""

from config.settings.local import *  # noqa: F403
from tests.work.kinds import KINDS

WORK_HANDLERS = KINDS
