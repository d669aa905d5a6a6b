"""The page about the API, for a browser."""

from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularSwaggerSplitView


@method_decorator(csp_update({"img-src": ["data:"]}), name="dispatch")  # the icons in the package's own style
class ApiDocs(SpectacularSwaggerSplitView):
    """Swagger UI from our own host; what it runs is a file, so it needs no inline script."""
