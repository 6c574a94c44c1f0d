"""#### 修正催办

工作日每天上午查看处理方案：待审批、待回执、待复核的，临近或超过期限时通知，每个方案每个环节每天至多一次。

期限取站点 `corrections.yaml` 的 `sla`：审批按小时，回执和复核按工作日。
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import CronTriggerTimetable, dag, task

from hedui_airflow.corrections import run_reminders
from hedui_airflow.defaults import tried_again
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import Summary

SITE = site_of_this_airflow()


@dag(
    dag_display_name="修正催办",
    description="Reminds of correction bundles that wait for a decision, a receipt or a review",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("30 9 * * *", timezone=SITE.timezone),
    start_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=dt.timedelta(hours=1),
    tags=["修正", "监控", f"site:{SITE.id}"],
    default_args=tried_again(tries=3, at_most=dt.timedelta(minutes=30), pause=dt.timedelta(minutes=10)),
)
def correction_reminders() -> None:
    @task(task_display_name="催办")
    def remind() -> Summary:
        """Looks at every bundle that waits, and reminds of those near or past their term."""
        return run_reminders()

    remind()


correction_reminders()
