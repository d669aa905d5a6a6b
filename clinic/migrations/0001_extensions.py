"""Search by parts of names needs PostgreSQL's trigram indexes; the extension is trusted, so no superuser is needed."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [TrigramExtension()]
