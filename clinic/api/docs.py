"""The API's schema, and the page about it for a browser."""

from functools import cache

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpResponse
from django.utils import translation
from django.utils.decorators import method_decorator
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request

FORMS = {"yaml": OpenApiYamlRenderer, "json": OpenApiJsonRenderer}


class ApiSchema(SpectacularAPIView):
    """The OpenAPI schema as YAML or JSON, in the language of `lang` or of the request."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """The same for everybody, whoever asks."""
        asked = request.query_params.get("lang", "")
        language = asked if asked in dict(settings.LANGUAGES) else translation.get_language()
        renderer = request.accepted_renderer
        shown = {"Content-Disposition": f'inline; filename="second-read.{renderer.format}"'}
        return HttpResponse(drawn_up(renderer.format, language), content_type=renderer.media_type, headers=shown)


@cache
def drawn_up(form: str, language: str | None) -> str | bytes:
    """The schema, written once a process, form and language: it takes seconds, and anybody may ask for it."""
    with translation.override(language):
        schema = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return FORMS[form]().render(schema, renderer_context={})


@method_decorator(csp_update({"img-src": ["data:"]}), name="dispatch")  # the icons in the package's own style
class ApiDocs(SpectacularSwaggerSplitView):
    """Swagger UI from our own host; what it runs is a file, so it needs no inline script."""
