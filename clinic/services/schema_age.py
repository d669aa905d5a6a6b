"""Whether the database is as new as the code. Code runs on a newer schema, never on an older one."""

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


def missing_changes() -> list[str]:
    """The changes that this code knows and the database has not had; what only newer code knows is none of them."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [str(migration) for migration, _backwards in plan]


def refuse_to_start_on_an_older_schema() -> None:
    """Raise ImproperlyConfigured where the database is older than this code. Where it is away, nothing is known yet."""
    try:
        missing = missing_changes()
    except DatabaseError:
        return
    finally:
        connection.close()  # not to be shared with processes that are forked from this one
    if missing:
        raise ImproperlyConfigured(
            f"The database is older than this version: {len(missing)} change(s) of its schema are missing, beginning "
            f"with {missing[0]}. Run manage.py migrate first; what runs of the version before can go on meanwhile."
        )
