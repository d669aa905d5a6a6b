"""Reports of our own errors, as Django mails them to ADMINS: no form, no cookie, no local variable, no message."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from clinic.logs import place_of, story_of


class ReportWithoutValues(ExceptionReporter):
    """Where it happened and how it came about."""

    def get_traceback_text(self) -> SafeString:
        match = getattr(self.request, "resolver_match", None)
        where = f"{self.request.method} {place_of(match)}" if self.request else "outside a request"
        story = story_of(self.exc_value) if isinstance(self.exc_value, BaseException) else ""
        return SafeString(f"{where}\n\n{story}\n")  # plain text, for a mail

    def get_traceback_html(self) -> SafeString:
        return format_html("<pre>{}</pre>", str(self.get_traceback_text()))
