"""A test clock goes forward, in test mode, and takes its timers along."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gateway.core import clock
from merchants.errors import ClockOnlyForward
from merchants.models import Merchant
from merchants.services.advance_test_clock import advance_test_clock
from tests.support.merchants import make_merchant

pytestmark = pytest.mark.django_db


def test_a_test_clock_moves_test_mode_forward() -> None:
    merchant = make_merchant()
    target = timezone.now() + timedelta(days=30)

    advance_test_clock(merchant_id=merchant.id, to=target)

    with clock.of_merchant(merchant.id, False):
        assert abs(clock.now() - target) < timedelta(seconds=5)
    with clock.of_merchant(merchant.id, True):
        assert abs(clock.now() - timezone.now()) < timedelta(seconds=5)


def test_a_test_clock_never_goes_back() -> None:
    merchant = make_merchant()
    advance_test_clock(merchant_id=merchant.id, to=timezone.now() + timedelta(days=30))
    before = Merchant.objects.get(pk=merchant.pk).test_clock_offset

    with pytest.raises(ClockOnlyForward):
        advance_test_clock(merchant_id=merchant.id, to=timezone.now() + timedelta(days=29))

    assert Merchant.objects.get(pk=merchant.pk).test_clock_offset == before
