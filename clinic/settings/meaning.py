"""What each setting is for, in one sentence: the one source of the administrators' page and of docs/architecture.md.

`manage.py settings_table` writes the documentation's table anew. A setting that is read and not listed fails a test.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _


@dataclass(frozen=True)
class Meaning:
    """A variable of the environment. The value of a secret is shown to nobody."""

    name: str
    sentence: str
    default: str = ""
    secret: bool = False


@dataclass(frozen=True)
class Group:
    """Settings that belong together."""

    title: str
    meanings: Sequence[Meaning]


GROUPS = (
    Group(_("The site and its servers"), (
        Meaning("DATABASE_URL", _("Where PostgreSQL is, as postgres://user:password@host/name, by the running application's role, which owns no table."), secret=True),
        Meaning("MIGRATION_DATABASE_URL", _("The same for the role that owns the tables; only manage.py migrate and restore use it."), "DATABASE_URL", secret=True),
        Meaning("DATABASE_POOLER", _("Whether DATABASE_URL leads to a pooler that lends a connection for one transaction at a time."), "false"),
        Meaning("BROKER_URL", _("Where the broker is, as redis://... or redis+socket:///path."), secret=True),
        Meaning("SECRET_KEY", _("What sessions and links are signed with; at least 50 random characters."), secret=True),
        Meaning("ALLOWED_HOSTS", _("The names under which this site answers, with commas; any other is refused.")),
        Meaning("SITE_ADDRESS", _("What links in mails begin with."), "https:// and the first of ALLOWED_HOSTS"),
        Meaning("TRUSTED_PROXIES", _("How many reverse proxies of ours stand before the web server and say from where a request came."), "0"),
        Meaning("TIME_ZONE", _("The site's time zone, where neither the person nor the browser says another."), "UTC"),
        Meaning("DEBUG", _("Must stay false: a server refuses to start with it."), "false"),
        Meaning("SECURE_SSL_REDIRECT", _("Whether plain HTTP is sent on to HTTPS; a server refuses to start without it."), "true"),
        Meaning("SESSION_COOKIE_SECURE", _("Whether the session travels over HTTPS alone; a server refuses to start without it."), "true"),
        Meaning("CSRF_COOKIE_SECURE", _("Whether the token of forms travels over HTTPS alone; a server refuses to start without it."), "true"),
    )),
    Group(_("The audit trail"), (
        Meaning("AUDIT_SIGNING_KEY", _("What heads of the audit trail are signed with; workers and manage.py verify_audit need it."), secret=True),
        Meaning("AUDIT_HEADS_DIR", _("The folder of these heads; copy it to another machine every day."), "var/audit-heads"),
    )),
    Group(_("Files"), (
        Meaning("FILE_STORAGE", _("Where files are kept: disk, a folder; or s3, a bucket of an object store that speaks S3."), "disk"),
        Meaning("MEDIA_ROOT", _("The folder that files are kept in."), "var/media"),
        Meaning("S3_BUCKET", _("The bucket.")),
        Meaning("S3_ENDPOINT", _("The object store's address; empty for Amazon's.")),
        Meaning("S3_REGION", _("The region that the object store expects."), "us-east-1"),
        Meaning("S3_ACCESS_KEY", _("The name of the key to the bucket."), secret=True),
        Meaning("S3_SECRET_KEY", _("The key to the bucket."), secret=True),
        Meaning("FILE_DELIVERY", _("Who sends the bytes of a picture: direct, the web process; or x-accel, the reverse proxy."), "direct"),
        Meaning("MODEL_CACHE", _("Where exported models are kept; can be emptied at any time."), "var/model-cache"),
        Meaning("STATIC_ROOT", _("Where the site's own scripts and styles are collected."), "var/static"),
    )),
    Group(_("Signing in and mail"), (
        Meaning("MFA_REQUIRED_ROLES", _("The roles that must bring a second step (doctor, administrator, auditor), or none."), "administrator; none in make run"),
        Meaning("EMAIL_HOST", _("The mail server; without one the site sends no mail and administrators hand links over themselves.")),
        Meaning("EMAIL_PORT", _("The mail server's port."), "587"),
        Meaning("EMAIL_USER", _("The site's name at the mail server.")),
        Meaning("EMAIL_PASSWORD", _("The site's password at the mail server."), secret=True),
        Meaning("EMAIL_FROM", _("Whom mails come from."), "Second Read <second-read@localhost>"),
        Meaning("EMAIL_STARTTLS", _("Whether the way to the mail server is encrypted by STARTTLS."), "true"),
        Meaning("EMAIL_SSL", _("Whether it is encrypted from the beginning."), "false"),
        Meaning("MAIL_FOLDER", _("Where make run keeps its mails, as files."), "var/mail"),
    )),
    Group(_("Programs"), (
        Meaning("API_REQUESTS_PER_MINUTE", _("How many requests to the API are answered in a minute for one token or person."), "9000"),
        Meaning("API_REQUESTS_PER_MINUTE_ANONYMOUS", _("How many are answered in a minute for one network address that shows no token."), "600"),
        Meaning("API_TOKEN_LONGEST_DAYS", _("For how many days a person's token is good at most."), "90"),
        Meaning("PROGRAM_TOKEN_LONGEST_DAYS", _("For how many days a service account's token is good at most."), "365"),
    )),
    Group(_("Analysing"), (
        Meaning("ANALYSIS_BATCH_SIZE", _("How many images a worker takes at once."), "8"),
        Meaning("UPLOADS_MOST_WAITING", _("How many images may wait for one model; beyond it, whoever has 200 waiting is asked to send more later."), "10000"),
        Meaning("ANALYSIS_OWN_QUEUES", _("Assays, with commas, whose images wait in a queue of their own, analyses-ASSAY, for the workers that name it."), "none"),
        Meaning("ANALYSIS_THREADS", _("How many threads a worker process calculates with; there is one process a core."), "1"),
        Meaning("ANALYSIS_LEASE_SECONDS", _("After how long without a sign of life a worker's images go to another."), "60"),
        Meaning("ANALYSIS_SWEEP_SECONDS", _("How often it is looked for work that got lost."), "10"),
        Meaning("WORKER_MEMORY_MB", _("How much memory a worker process may take for itself; 0 for all there is."), "2048"),
        Meaning("BROKER_VISIBILITY_SECONDS", _("After how long the broker gives a message to another worker when the first has not said that it is done."), "600"),
    )),
    Group(_("Records and figures"), (
        Meaning("RECORD_RETENTION_YEARS", _("How many years a record is kept after the last thing that was added to it; it cannot be erased before."), "10"),
        Meaning("AGREEMENT_FEWEST_DOCTORS", _("What fewer doctors read is left out of the figures of all, so that nobody is singled out; not below 3."), "5"),
    )),
    Group(_("Watching"), (
        Meaning("WORKER_PROGRESS_SECONDS", _("The site is not ready when no worker finished anything for this long."), "120"),
        Meaning("READINESS_KEPT_SECONDS", _("How long an answer about readiness is given again."), "2"),
        Meaning("READINESS_PATIENCE_SECONDS", _("How long the broker may take to answer before it counts as away."), "2"),
        Meaning("INTEGRITY_HOURS", _("How often every stored file and the trail are proved."), "24"),
        Meaning("INTEGRITY_CHUNK_SECONDS", _("For how long a worker does so at a time; images that wait come between."), "10"),
        Meaning("METRICS", _("Whether there are figures for Prometheus at /metrics."), "false"),
        Meaning("METRICS_TOKEN", _("What whoever reads these figures has to show; without one only METRICS_NETWORKS may ask."), secret=True),
        Meaning("METRICS_NETWORKS", _("The addresses and networks that may read the figures where there is no METRICS_TOKEN."), "127.0.0.0/8,::1/128"),
        Meaning("LOG_LEVEL", _("The least that logs tell: DEBUG, INFO, WARNING or ERROR."), "INFO"),
        Meaning("LOG_FORMAT", _("How logs are written: json, one object a line; or text, for people."), "json; text in make run"),
        Meaning("LOG_REQUESTS", _("Whether each request has a line in the log."), "true; false in make run"),
        Meaning("SENTRY_DSN", _("The Sentry that our own errors are reported to, without any value."), secret=True),
        Meaning("SENTRY_ENVIRONMENT", _("What the site is called in these reports."), "production"),
    )),
)  # fmt: skip
