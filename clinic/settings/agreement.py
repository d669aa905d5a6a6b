"""How readers and models are compared."""

from datetime import timedelta

from clinic.settings import environment

# What fewer doctors read than this is left out of the figures of all, so that nobody is singled out; three at least.
AGREEMENT_FEWEST_DOCTORS = max(3, environment.integer("AGREEMENT_FEWEST_DOCTORS", 5))

# Of fewer readings than this no share is told: it would say more of chance than of anybody.
AGREEMENT_FEWEST_READINGS = 20

# Who leaves an image open for longer was away: the time counts as this.
AGREEMENT_LONGEST_READING = timedelta(minutes=10)

# How often the figures of all are counted afresh.
AGREEMENT_PERIOD = timedelta(minutes=15)
