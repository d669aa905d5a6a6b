"""The web application, for gunicorn."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from clinic.checks import refuse_to_start_unfit
from clinic.settings import safety

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.production")  # the one that refuses to start unsafe

application = get_wsgi_application()
try:
    refuse_to_start_unfit()
except ImproperlyConfigured as refusal:
    safety.refuse([str(refusal)])
