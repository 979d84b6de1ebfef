"""`gunicorn --config python:bank.gunicorn_conf bank.wsgi:application`."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "bank.settings"

application = get_wsgi_application()

if settings.BANK_WEBHOOK_SENDER == "thread":
    from bank.sender import start_sender_threads

    start_sender_threads()
