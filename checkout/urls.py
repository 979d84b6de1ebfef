"""The addresses of checkout."""

from __future__ import annotations

from django.urls import path

from checkout.views import attempt, enter, session, submit

app_name = "checkout"

urlpatterns = [
    path("pay/<str:order>/<str:token>", enter.enter, name="enter"),
    path("checkout/<str:address>", session.session, name="session"),
    path("checkout/<str:address>/card", submit.card, name="card"),
    path("checkout/<str:address>/upi", submit.upi, name="upi"),
    path("checkout/<str:address>/renew", session.renew, name="renew"),
    path("checkout/<str:address>/attempts/<int:number>", attempt.attempt, name="attempt"),
    path("checkout/<str:address>/attempts/<int:number>/return", attempt.returned, name="return"),
    path("checkout/<str:address>/attempts/<int:number>/cancel", attempt.cancel, name="cancel"),
]
