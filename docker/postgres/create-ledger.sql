-- Run once by the postgres image on an empty volume: the ledger lives beside Airflow's metadata, in a database of its own.
CREATE DATABASE hedui OWNER airflow;
