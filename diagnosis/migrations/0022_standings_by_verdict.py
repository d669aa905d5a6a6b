# Built beside running work: nothing waits for an index.

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('diagnosis', '0021_cases_by_specimen_date'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='casestanding',
            index=models.Index(condition=models.Q(('refer__gt', 0)), fields=['urgency_rank', 'shown_doubt', 'specimen_date', 'case'], name='standing_referred'),
        ),
        AddIndexConcurrently(
            model_name='casestanding',
            index=models.Index(condition=models.Q(('out_of_scope__gt', 0)), fields=['urgency_rank', 'shown_doubt', 'specimen_date', 'case'], name='standing_out_of_scope'),
        ),
    ]
