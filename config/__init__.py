"""Composition root: everything is put together here, and nothing imports it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
