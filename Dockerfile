# One image for all Airflow services: the tested lock, the library, the DAGs. The site's folder is mounted.
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends curl dumb-init \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 50000 --create-home airflow \
    && mkdir -p /opt/airflow/logs /opt/hedui/inbox /opt/hedui/reports \
    && chown -R airflow: /opt/airflow /opt/hedui

ENV AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/hedui/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/hedui/plugins \
    GX_ANALYTICS_ENABLED=False \
    PYTHONUNBUFFERED=1

WORKDIR /opt/hedui
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt

COPY pyproject.toml README.md ./
COPY include include
RUN pip install --no-cache-dir --no-deps --editable .
COPY dags dags
COPY plugins plugins
COPY docker docker

USER airflow
ENTRYPOINT ["dumb-init", "--"]
CMD ["airflow", "version"]
