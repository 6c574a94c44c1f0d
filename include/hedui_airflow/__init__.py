"""The seam between Airflow and :mod:`hedui`: DAGs import this, the library imports no Airflow."""
