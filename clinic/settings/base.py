"""What holds everywhere. What differs is in embedded.py, testing.py and production.py."""

from datetime import timedelta
from pathlib import Path

from clinic.settings import environment
from clinic.settings.access import *  # noqa: F403  settings are layered by design
from clinic.settings.accounts import *  # noqa: F403  settings are layered by design
from clinic.settings.agreement import *  # noqa: F403  settings are layered by design
from clinic.settings.agreement import AGREEMENT_PERIOD
from clinic.settings.api import *  # noqa: F403  settings are layered by design
from clinic.settings.api import API_TOKEN_USUAL
from clinic.settings.back_pressure import *  # noqa: F403  settings are layered by design
from clinic.settings.front_end import PUBLISHED
from clinic.settings.headers import *  # noqa: F403  settings are layered by design
from clinic.settings.languages import *  # noqa: F403  settings are layered by design
from clinic.settings.logs import *  # noqa: F403
from clinic.settings.metrics import *  # noqa: F403  settings are layered by design
from clinic.settings.operations import *  # noqa: F403  settings are layered by design
from clinic.settings.operations import INTEGRITY_LOOK
from clinic.settings.pooler import *  # noqa: F403  settings are layered by design
from clinic.settings.pooler import POOLED
from clinic.settings.queues import *  # noqa: F403  settings are layered by design
from clinic.settings.records import *  # noqa: F403
from clinic.settings.records import FILE_SWEEP_PERIOD
from clinic.settings.sentry import *  # noqa: F403  settings are layered by design
from clinic.settings.storage import *  # noqa: F403  settings are layered by design
from clinic.settings.storage import DELIVERIES, FILE_STORAGE, FILES
from clinic.settings.trail import *  # noqa: F403  settings are layered by design
from clinic.settings.trail import APPLICATION_DATABASE, AUDIT_HEAD_PERIOD

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = BASE_DIR / "var"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "pgtrigger",
    "django_filters",
    "django_htmx",
    "csp",
    "rest_framework",
    "knox",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "clinic",
    "diagnosis",
]

MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "clinic.headers.safe_headers",
    "clinic.middleware.request_context",
    "clinic.request_log.request_log",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinic.session_limits.SessionLimits",
    "clinic.locality.locality",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "clinic.enrolment.RequireSecondStep",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
            # Every page is translated and shows times: no template needs to load these.
            "builtins": ["django.templatetags.i18n", "django.templatetags.tz", "clinic.templatetags.times"],
        },
    }
]

# Database: row locks, partial indexes and triggers are PostgreSQL's, so it is the only one.
DATABASES = {"default": APPLICATION_DATABASE | POOLED | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Cookies and headers; people, passwords and sessions are in accounts.py
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

# Rows are stored in UTC and shown in the person's zone (clinic/locality.py); where that is not known, in the site's.
TIME_ZONE = environment.text("TIME_ZONE", "UTC")

# How many proxies of ours stand before the web server: the client's address is what the outermost of them saw.
TRUSTED_PROXIES = environment.integer("TRUSTED_PROXIES", 0)

# Files
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static", PUBLISHED]
STATIC_ROOT = environment.path("STATIC_ROOT", VAR_DIR / "static")
MEDIA_ROOT = environment.path("MEDIA_ROOT", VAR_DIR / "media")
STORAGES: dict[str, dict[str, object]] = {
    "default": FILES[FILE_STORAGE],
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Who sends the bytes of a picture: this process, or the reverse proxy to which it names the file (deploy/Caddyfile).
# The proxy cannot see into an object store.
FILE_DELIVERY = environment.choice("FILE_DELIVERY", DELIVERIES[FILE_STORAGE], "direct")
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# Uploads
UPLOAD_MAX_FILES = 200
UPLOAD_MAX_FILE_BYTES = 50 * 1024 * 1024
UPLOAD_MAX_REQUEST_BYTES = 1024 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = UPLOAD_MAX_FILES
FILE_UPLOAD_HANDLERS = ["diagnosis.upload_handler.SizeLimitedUploadHandler"]

# Analyses
MODEL_CACHE = environment.path("MODEL_CACHE", VAR_DIR / "model-cache")
ANALYSIS_BATCH_SIZE = environment.integer("ANALYSIS_BATCH_SIZE", 8)
ANALYSIS_BATCH_PIXELS = 60_000_000  # decoded bytes are three times this: what one batch may hold in memory
ANALYSIS_THREADS = environment.integer("ANALYSIS_THREADS", 1)  # a worker process; there is one process a core
ANALYSIS_LEASE = timedelta(seconds=environment.integer("ANALYSIS_LEASE_SECONDS", 60))
# An image that holds its process for longer is given up before its lease ends: it never holds two processes at once.
ANALYSIS_SOFT_TIME_LIMIT = int(ANALYSIS_LEASE.total_seconds() * 2 / 3)
ANALYSIS_TIME_LIMIT = int(ANALYSIS_LEASE.total_seconds() * 5 / 6)
# What a worker process may take of memory for itself, in bytes; 0 for all there is.
WORKER_MEMORY_BYTES = environment.integer("WORKER_MEMORY_MB", 2048) * 1024 * 1024
ANALYSIS_SWEEP_PERIOD = timedelta(seconds=environment.integer("ANALYSIS_SWEEP_SECONDS", 10))

# Celery: the rows are the truth, a message is only a wake-up that carries ids.
CELERY_BROKER_URL = environment.text("BROKER_URL")
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 150
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # above the hard time limit: no task runs twice at once
    "visibility_timeout": environment.integer("BROKER_VISIBILITY_SECONDS", 600),
    "socket_connect_timeout": 2,
    "socket_timeout": 10,  # of a worker that listens; whoever sends has less patience (clinic/celery.py)
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A broker that is down must not hold up an upload: one more try on a fresh connection, then the sweeper's turn.
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 60.0
# In KiB. A process that came near its limit is replaced after the task: others would starve beside what is left there.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = WORKER_MEMORY_BYTES * 2 // 3 // 1024 or None
CELERY_TIMEZONE = "UTC"
# The scheduler's messages are not kept for ever while no worker is there. By how much machines' clocks may differ: a
# worker whose clock is ahead of the scheduler's takes what it gets for older than it is.
CLOCKS_APART = timedelta(hours=2)
CELERY_BEAT_SCHEDULE = {
    "sweep-analyses": {
        "task": "diagnosis.tasks.sweep_analyses",
        "schedule": ANALYSIS_SWEEP_PERIOD,
        "options": {"expires": (ANALYSIS_SWEEP_PERIOD + CLOCKS_APART).total_seconds()},
    },
    "sweep-files": {
        "task": "diagnosis.tasks.sweep_files",
        "schedule": FILE_SWEEP_PERIOD,
        "options": {"expires": (FILE_SWEEP_PERIOD + CLOCKS_APART).total_seconds()},
    },
    "begin-due-checks": {
        "task": "diagnosis.tasks.begin_due_checks",
        "schedule": INTEGRITY_LOOK,
        "options": {"expires": (INTEGRITY_LOOK + CLOCKS_APART).total_seconds()},
    },
    "count-agreement": {
        "task": "diagnosis.tasks.count_agreement",
        "schedule": AGREEMENT_PERIOD,
        "options": {"expires": (AGREEMENT_PERIOD + CLOCKS_APART).total_seconds()},
    },
    "sign-audit-head": {"task": "clinic.tasks.sign_audit_head", "schedule": AUDIT_HEAD_PERIOD},
}

# Counts of sign-ins: in the database, so that every web process sees them and none needs the broker to be there.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "clinic_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # beyond it entries are dropped: nobody forges their way out of a count
    }
}

# REST API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "clinic.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["clinic.api.throttling.RequestLimit"],
    "DEFAULT_PARSER_CLASSES": ["clinic.api.parsers.SmallJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["clinic.api.filters.KnownFilters", "clinic.api.filters.KnownOrderings"],
    "DEFAULT_PAGINATION_CLASS": "clinic.api.pagination.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "clinic.api.schema.DescribedByConvention",
    "DEFAULT_METADATA_CLASS": None,  # the schema tells what OPTIONS would
    "EXCEPTION_HANDLER": "clinic.api.problems.handle",
    # How many reverse proxies of ours stand in front: without them a caller's X-Forwarded-For is not believed.
    "URL_FORMAT_OVERRIDE": None,
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {"TOKEN_TTL": API_TOKEN_USUAL, "AUTH_HEADER_PREFIX": "Token"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Second Read",
    "DESCRIPTION": "A second reader for microscope images. The model suggests; the doctor decides.",
    "VERSION": "v1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "AnalysisState": "diagnosis.models.AnalysisState",
        "ModelState": "diagnosis.models.ModelState",
        "PersonRole": "clinic.api.people_bodies.peoples_roles",
        "TokenScope": "clinic.models.TokenScope",
        "Verdict": "diagnosis.models.Verdict",
        "Assay": "diagnosis.models.case.assay_choices",
        "Urgency": "diagnosis.models.Urgency",
        "WithdrawalReason": "diagnosis.models.WithdrawalReason",
        "ChangeKind": "diagnosis.models.ChangeKind",
        "ErasureReason": "clinic.models.ErasureReason",
        "HoldKind": "clinic.models.HoldKind",
        "ReadingReason": "diagnosis.models.Reason",
        "RequestKind": "diagnosis.models.RequestKind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "clinic.api.schema.add_problems",
    ],
}
