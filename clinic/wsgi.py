"""The web application, for gunicorn."""

from django.core.wsgi import get_wsgi_application

from clinic.checks import refuse_to_start_within_reach_of_the_trail

application = get_wsgi_application()
refuse_to_start_within_reach_of_the_trail()
