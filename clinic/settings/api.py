"""The REST API: its conventions, how much programs may ask for, and how long they stay signed in."""

from datetime import timedelta

from clinic.settings import environment

# For how long the answer to a POST with an Idempotency-Key is given again.
IDEMPOTENCY_KEPT = timedelta(days=1)
# When to ask again while the first of two equal requests is still being worked on.
IDEMPOTENCY_WAIT = timedelta(seconds=1)

# A program that looks every two seconds how far each of 200 images is makes 6000 requests a minute.
API_REQUESTS_PER_MINUTE = environment.integer("API_REQUESTS_PER_MINUTE", 9000)  # a token, or a person in a browser
API_REQUESTS_PER_MINUTE_ANONYMOUS = environment.integer("API_REQUESTS_PER_MINUTE_ANONYMOUS", 600)  # a network address
API_TOKEN_USUAL = timedelta(hours=12)
API_TOKEN_LONGEST = timedelta(days=environment.integer("API_TOKEN_LONGEST_DAYS", 90))
PROGRAM_TOKEN_LONGEST = timedelta(days=environment.integer("PROGRAM_TOKEN_LONGEST_DAYS", 365))
