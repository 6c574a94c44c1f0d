"""Hedui (核对): cross-agency reconciliation for social insurance.

The package holds all business logic and imports no Airflow: a DAG task, the ``hedui`` command and a test call the same functions
(:mod:`hedui.steps`).
"""

__version__ = "0.1.0"
