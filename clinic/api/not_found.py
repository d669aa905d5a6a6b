"""Every address under /api/ that leads nowhere."""

from typing import Any

from django.http import Http404
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from clinic.api.resources import Endpoint


class NothingHere(Endpoint):
    """The same problem document as for a thing that does not exist, whatever the method."""

    authentication_classes = []
    permission_classes = [AllowAny]
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Http404
