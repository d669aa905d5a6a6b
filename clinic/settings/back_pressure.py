"""When so much waits that more is not taken in."""

from clinic.settings import environment

# Images that may wait for one model. Beyond it uploads are answered 503, but for people who have few waiting.
UPLOADS_MOST_WAITING = environment.integer("UPLOADS_MOST_WAITING", 10_000)
# Whoever has fewer waiting than this is taken in nevertheless: nobody is shut out by what others send.
UPLOADS_ALWAYS_WAITING = 200
