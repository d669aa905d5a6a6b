"""Watching the site: when it counts as ready, and what its administrators are shown."""

from datetime import timedelta

from clinic.settings import environment

# The scheduler gives the workers something to do every ANALYSIS_SWEEP_SECONDS. When none of them has finished
# anything for this long, the site takes images in but nothing comes of them: it is not ready.
WORKER_PROGRESS = timedelta(seconds=environment.integer("WORKER_PROGRESS_SECONDS", 120))
# How long an answer about readiness is given again: whoever asks a thousand times a second has it checked once.
READINESS_KEPT = timedelta(seconds=environment.integer("READINESS_KEPT_SECONDS", 2))
# How often every stored file and the whole trail are proved, and for how long a worker does so at a time: images that
# wait come between.
INTEGRITY_PERIOD = timedelta(hours=environment.integer("INTEGRITY_HOURS", 24))
INTEGRITY_CHUNK = timedelta(seconds=environment.integer("INTEGRITY_CHUNK_SECONDS", 10))
INTEGRITY_LOOK = timedelta(minutes=5)  # how often it is looked whether one is due, or one that was cut off goes on
# How long a broker may take to answer before it counts as away.
READINESS_PATIENCE = timedelta(seconds=environment.integer("READINESS_PATIENCE_SECONDS", 2))
