"""The project, its people and patients. Every process that imports it sends to our own broker."""

from clinic.celery import app as celery_app

__all__ = ["celery_app"]
