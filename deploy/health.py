"""Succeeds when the web process of this container answers. Called by the container's health check."""

import os
import urllib.request

HOST = os.environ["ALLOWED_HOSTS"].split(",", maxsplit=1)[0].strip()  # another name would be refused
PORT = os.environ.get("PORT", "8000")

request = urllib.request.Request(f"http://127.0.0.1:{PORT}/health/live", headers={"Host": HOST})
urllib.request.urlopen(request, timeout=4).close()  # noqa: S310  ourselves
