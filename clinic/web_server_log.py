"""What gunicorn writes down: methods and addresses by their names and ids, never a query, a header or a message."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import Resolver404, resolve
from gunicorn.config import Config
from gunicorn.glogging import Logger

from clinic.logs import NOWHERE, WithoutValues, formatter, place_of
from clinic.settings.logs import LOG_FORMAT

TOLD = frozenset("hltsmHbBTDMLp")  # gunicorn's letters for what holds no address, referrer or header


class QuietLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """The error log and, where somebody switches it on, the access log."""

    def setup(self, cfg: Config) -> None:
        """Put our words in the place of gunicorn's."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter(LOG_FORMAT, self.error_fmt, self.datefmt))
            handler.addFilter(WithoutValues())
        for handler in self.access_log.handlers:
            handler.setFormatter(formatter(LOG_FORMAT, self.access_fmt))

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """A request that is no HTTP is quoted by gunicorn; that it came, and from where, is enough."""
        invalid = isinstance(msg, str) and msg.startswith("Invalid request from ip=")
        super().warning(msg.partition(": ")[0] if invalid else msg, *args, **kwargs)

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """An error outside the application comes with the address."""
        known = [_place(argument) if str(argument).startswith("/") else argument for argument in args]
        super().exception(msg, *known, **kwargs)

    def atoms(self, resp: Any, req: Any, environ: Mapping[str, Any], request_time: Any) -> dict[str, Any]:
        """What a format of the access log may use; anything else comes out as `-`."""
        told = {name: value for name, value in super().atoms(resp, req, environ, request_time).items() if name in TOLD}
        place = _place(environ.get("PATH_INFO", ""))
        return told | {"U": place, "r": f"{told['m']} {place} {told['H']}"}


def _place(address: str) -> str:
    path = address.partition("?")[0]
    if path.startswith(settings.STATIC_URL):
        return "a static file"
    try:
        return place_of(resolve(path))
    except Resolver404:
        return NOWHERE
