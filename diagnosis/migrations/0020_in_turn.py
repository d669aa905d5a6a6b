# Built beside running work: nothing waits for an index. What waited before gets its turns as if it were queued now.

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

NUMBER = """
UPDATE diagnosis_analysis waiting SET turn = numbered.place
FROM (
    SELECT id, row_number() OVER (
        PARTITION BY model_version_id, priority, requested_by_id ORDER BY queued_at, id
    ) - 1 AS place
    FROM diagnosis_analysis WHERE state = 'queued'
) numbered
WHERE numbered.id = waiting.id AND waiting.state = 'queued';
"""


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('diagnosis', '0019_fair_turns'),
    ]

    operations = [
        migrations.RunSQL(NUMBER, migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name='analysis',
            index=models.Index(condition=models.Q(('state', 'queued')), fields=['model_version', 'priority', 'turn', 'queued_at', 'id'], name='analysis_by_turn'),
        ),
        AddIndexConcurrently(
            model_name='analysis',
            index=models.Index(condition=models.Q(('state', 'running')), fields=['model_version', 'priority', 'turn'], name='analysis_in_hand'),
        ),
        AddIndexConcurrently(
            model_name='analysis',
            index=models.Index(condition=models.Q(('state__in', ('queued', 'running'))), fields=['requested_by', 'model_version', 'priority', 'turn'], name='analysis_of_person'),
        ),
        RemoveIndexConcurrently(
            model_name='analysis',
            name='analysis_awaited',
        ),
        RemoveIndexConcurrently(
            model_name='analysis',
            name='analysis_in_turn',
        ),
    ]
