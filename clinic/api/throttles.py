"""How often someone may try to sign in."""

import hashlib

from django.db import connection, transaction
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from clinic import request_context


class _ExactThrottle(SimpleRateThrottle):
    """Counts exactly, also when many tries arrive at once at different web processes.

    The counts live in the database's cache, and whoever counts holds a lock of the database on that count.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        key = self.get_cache_key(request, view)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
            return super().allow_request(request, view)


class SignInsPerAddress(_ExactThrottle):
    """From one network address."""

    scope = "sign_ins_per_address"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        here = request_context.current()
        return f"{self.scope}:{here.address if here else None}"


class SignInsPerAccount(_ExactThrottle):
    """For one account, from wherever, whether it exists or not."""

    scope = "sign_ins_per_account"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        data = request.data if isinstance(request.data, dict) else {}
        email = str(data.get("email", "")).strip().lower()
        return f"{self.scope}:{hashlib.sha256(email.encode('utf-8', 'replace')).hexdigest()}"
