FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FLOTIA_DATOS=/datos

WORKDIR /app

COPY requirements.txt ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt

COPY manage.py test_generacion_masiva.py ./
COPY config ./config
COPY flotia ./flotia
COPY apps ./apps

RUN useradd --system --uid 1000 --create-home flotia \
    && mkdir /datos \
    && FLOTIA_DATOS=/tmp/build python manage.py collectstatic --noinput -v0 \
    && rm -rf /tmp/build \
    && chown flotia /datos

USER 1000
VOLUME /datos
EXPOSE 8000

# Any HTTP answer is a sign of life: which hosts are allowed is the user's to say.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=4); c.request('GET', '/admin/login/'); c.getresponse()"]

CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000"]
