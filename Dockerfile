# The application, as web, worker or scheduler: docker-compose.yml says which. Build context: the checkout.

FROM python:3.12-slim-bookworm AS packages
WORKDIR /application
COPY requirements-uv.txt requirements.txt ./
RUN python -m venv /uv && /uv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements-uv.txt
RUN python -m venv .venv \
    && /uv/bin/uv pip install --python .venv/bin/python --no-cache --compile-bytecode --require-hashes -r requirements.txt
COPY embedded embedded
COPY front-end front-end
COPY requirements-node.txt ./
RUN /uv/bin/python -m embedded.front_end install .venv/front-end && rm --recursive .venv/front-end/node_modules

FROM python:3.12-slim-bookworm
RUN groupadd --system --gid 10001 reader \
    && useradd --system --uid 10001 --gid reader --home-dir /application --no-create-home --shell /usr/sbin/nologin reader \
    && install --directory --owner=reader --group=reader --mode=0700 /data/media /data/model-cache /data/incoming /data/audit-heads /data/backups
WORKDIR /application
COPY --from=packages /application/.venv .venv
COPY manage.py gunicorn.conf.py ./
COPY mlcore mlcore
COPY clinic clinic
COPY diagnosis diagnosis
COPY templates templates
COPY locale locale
COPY static static
COPY bundles bundles
COPY deploy/health.py deploy/health.py
ENV PATH=/application/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=clinic.settings.production \
    STATIC_ROOT=/application/collected \
    MEDIA_ROOT=/data/media \
    MODEL_CACHE=/data/model-cache
RUN pybabel compile --directory locale --domain django
# Collecting static files reads the settings, which want a complete environment. Nothing of this one is kept.
RUN RANDOM_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
    && SECRET_KEY="$RANDOM_KEY" DATABASE_URL="postgres://nobody:$RANDOM_KEY@nowhere/nothing" \
    BROKER_URL=redis://nowhere ALLOWED_HOSTS=nowhere.example python manage.py collectstatic --no-input
USER reader
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "deploy/health.py"]
CMD ["python", "-m", "gunicorn", "clinic.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--timeout", "120", "--graceful-timeout", "25", "--no-control-socket"]
