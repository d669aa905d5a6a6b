# Built beside running work: nothing waits for an index.

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('clinic', '0012_programs_and_limited_tokens'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='patient',
            index=models.Index(fields=['-created_at', '-id'], name='patient_newest_first'),
        ),
    ]
