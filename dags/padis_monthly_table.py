"""#### 出生月报表

每月 6 日出具上月监测点的《出生人口信息统计表》和《PADIS 上报月报》。

- **三方核对**：出生平台明细、统计表合计、对方已接收的上报记录逐格（区县、性别、出生地点类别、孩次）相同才出具；
  不同则任务失败，工作簿只列差异，补报或更正后清除任务重做。
- **补做某月**：手工运行，填写 `period`（如 202605）。
- 监测点取站点 `padis.yaml` 的 `monitored`。
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import CronDataIntervalTimetable, Param, TriggerRule, dag, task

from hedui_airflow import padis
from hedui_airflow.defaults import tried_again
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import Summary

SITE = site_of_this_airflow()


@dag(
    dag_display_name="出生月报表",
    description="Monthly table of births of a monitored place, issued only where it equals the acknowledged upload; the month's report",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("0 8 6 * *", timezone=SITE.timezone),
    start_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=dt.timedelta(hours=6),
    params={"period": Param(None, type=["null", "string"], title="月份", description="如 202605；不填则取上月")},
    tags=["PADIS", "月报", f"site:{SITE.id}"],
    default_args=tried_again(tries=3, at_most=dt.timedelta(hours=1)),
)
def padis_monthly_table() -> None:
    @task(task_display_name="统计表")
    def table() -> Summary:
        """Makes the table; fails where details and acknowledged upload differ."""
        return padis.run_table()

    @task(task_display_name="上报月报", trigger_rule=TriggerRule.ALL_DONE)
    def report() -> Summary:
        """Makes the workbook of the month's upload, whatever became of the table."""
        return padis.run_report()

    @task(task_display_name="统计表不予出具", trigger_rule=TriggerRule.ONE_FAILED, retries=0)
    def fail_if_refused() -> None:
        """Skipped where all is well. Without it a refused table would end in a green run, because the report is made anyway."""
        raise RuntimeError("The monthly table was refused or a task has failed; see the red ones.")

    made, reported = table(), report()
    made >> reported
    [made, reported] >> fail_if_refused()


padis_monthly_table()
