"""The same database in several sizes, side by side, so that they can be asked in turns."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

SELVES = "default"


class Copies:
    """Copies of the default database, by a name; each has a connection that stays open."""

    def __init__(self) -> None:
        self._own = connections[SELVES]
        self._found: dict[str, BaseDatabaseWrapper] = {}

    def keep(self, name: str) -> None:
        """Copy the default database as it is now."""
        database = str(self._own.settings_dict["NAME"])
        copied = f"{database}_{name}"
        connection.close()  # nobody else may use what is copied
        other = _to(self._own, "postgres")
        with other.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{copied}" TEMPLATE "{database}" STRATEGY file_copy')
        other.close()
        self._found[name] = _to(self._own, copied)

    def keep_itself(self, name: str) -> None:
        """The default database itself, as it is at last."""
        self._found[name] = self._own

    @contextmanager
    def asked(self, name: str) -> Iterator[None]:
        """Whatever asks the default database asks this copy."""
        connections[SELVES] = self._found[name]
        try:
            yield
        finally:
            connections[SELVES] = self._own


def _to(own: BaseDatabaseWrapper, database: str) -> BaseDatabaseWrapper:
    """A connection like that one, to another database of the server."""
    return type(own)(deepcopy(own.settings_dict) | {"NAME": database}, SELVES)
