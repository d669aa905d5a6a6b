"""How long patients' records are kept."""

from datetime import timedelta

from clinic.settings import environment

# After the last thing that happened in a record with a case: until then it cannot be erased.
RECORD_RETENTION_YEARS = environment.integer("RECORD_RETENTION_YEARS", 10)

# How often files that no record refers to any more are looked for.
FILE_SWEEP_PERIOD = timedelta(hours=1)
