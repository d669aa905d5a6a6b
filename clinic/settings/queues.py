"""Who does which work: assays whose images wait for workers of their own, such as those on a machine with a GPU."""

from clinic.settings import environment
from mlcore.assays import ASSAYS

# Each has the queue analyses-ASSAY. Some worker must listen to it: `celery worker --queues analyses-leukemia`; to all
# else listens one without --queues, or with `--queues celery`.
ANALYSIS_OWN_QUEUES = environment.chosen("ANALYSIS_OWN_QUEUES", "none", among=frozenset(ASSAYS))
