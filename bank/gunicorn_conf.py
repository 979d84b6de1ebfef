"""gunicorn's settings for the bank: one process, many threads (delays and held requests each keep a thread busy)."""

import os

wsgi_app = "bank.wsgi:application"
bind = os.environ.get("BANK_BIND", "127.0.0.1:8100")
workers = 1
worker_class = "gthread"
threads = int(os.environ.get("BANK_THREADS", "48"))
timeout = 180
graceful_timeout = 5
keepalive = 30
control_socket_disable = True  # it would write into the home folder
