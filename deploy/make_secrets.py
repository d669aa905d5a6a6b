"""Makes the secrets that docker-compose.yml mounts: `python3 deploy/make_secrets.py [FOLDER]`, once, on the server.

Random passwords, a file each. What is there already stays as it is: a changed password would no longer fit the
database that was made with it.
"""

import secrets
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "secrets"


def contents() -> dict[str, str]:
    """The name and content of each file. An address and the password in it belong together."""
    database, application, broker = (secrets.token_urlsafe(48) for _ in range(3))
    return {
        "postgres_password": secrets.token_urlsafe(48),
        "database_password": database,
        "application_password": application,
        "database_url": f"postgres://second_read_application:{application}@database:5432/second_read",
        "migration_database_url": f"postgres://second_read:{database}@database:5432/second_read",
        "broker_configuration": f"requirepass {broker}\n",
        "broker_url": f"redis://:{broker}@broker:6379/0",
        "email_password": "",  # the mail server's, to be filled in where there is one
        "metrics_token": secrets.token_urlsafe(48),
        "secret_key": secrets.token_urlsafe(64),
        "audit_signing_key": secrets.token_urlsafe(64),
    }


def main() -> str:
    """Write the files; returns what to tell the person."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    if folder.exists():
        return f"{folder} is there already and stays as it is. Remove it first to begin afresh."
    # The folder keeps others of this machine out. The files are readable, because inside the containers, where only
    # the file is seen, each program reads them as a user of its own.
    folder.mkdir(mode=0o700, parents=True)
    for name, content in contents().items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(content, encoding="ascii")
        path.chmod(0o444)
    return f"The secrets are in {folder}. Keep a copy where you keep such things."


if __name__ == "__main__":
    sys.stdout.write(f"{main()}\n")
