#!/usr/bin/env bash
# The init job: volumes' owner, both schemas, one user per role, the pool for heavy tasks. Safe to run again.
set -euo pipefail

if [ "$(id -u)" = 0 ]; then
  chown -R airflow: /opt/airflow/logs /opt/hedui/inbox /opt/hedui/reports
  exec setpriv --reuid=airflow --regid=airflow --init-groups env HOME=/home/airflow bash "$0"
fi

airflow db migrate
hedui ledger upgrade

create_user() { # name role password
  airflow users create --username "$1" --role "$2" --password "$3" --firstname "$1" --lastname hedui --email "$1@hedui.invalid" ||
    airflow users list | grep -q "$1"
}
create_user engineer Admin "$ENGINEER_PASSWORD"
create_user analyst User "$ANALYST_PASSWORD"
create_user manager Op "$MANAGER_PASSWORD"
create_user auditor Viewer "$AUDITOR_PASSWORD"

airflow pools set hedui_heavy 1 "一次只让一个占内存的任务运行"
