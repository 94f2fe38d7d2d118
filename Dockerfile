# One image for the web tier and the workers; torch is only installed where TIER=worker.
FROM python:3.11-slim
ARG TIER=web
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY pyproject.toml README.md constraints.txt ./
COPY styletransfer styletransfer
RUN extras="api,celery,s3"; [ "$TIER" = worker ] && extras="$extras,painter"; \
    pip install -c constraints.txt ".[$extras]" "psycopg[binary]" gunicorn
COPY manage.py ./
COPY shop shop
COPY templates templates
RUN useradd --create-home app && mkdir -p var && chown app var
USER app
