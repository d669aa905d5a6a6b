"""Where django-allauth's flows of signing in meet our own rules."""
