# Built beside running work: nothing waits for an index.

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('diagnosis', '0020_in_turn'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='case',
            index=models.Index(fields=['specimen_date', 'id'], name='case_by_specimen_date'),
        ),
    ]
