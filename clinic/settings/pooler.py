"""Whether a pooler such as PgBouncer stands before the database, and lends a connection for one transaction."""

from clinic.settings import environment

# Nothing may then live longer than a transaction. What Django reads through a cursor of the server's would.
DATABASE_POOLER = environment.flag("DATABASE_POOLER", default=False)
POOLED = {"DISABLE_SERVER_SIDE_CURSORS": DATABASE_POOLER}
