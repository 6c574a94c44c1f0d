"""The web pages: a FastAPI app that the Airflow plugin mounts; it knows nothing of Airflow, its guard comes from outside."""
