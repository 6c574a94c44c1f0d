"""Everything that production has as servers, embedded: PostgreSQL and Airflow below one folder, for ``make run`` and ``make up``."""
