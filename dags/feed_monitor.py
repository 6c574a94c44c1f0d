"""#### 接收监控

每 15 分钟查看各来源应到而未到的批次，以及中间库中超时未处理的数据。

- **只告警一次**：同一异常只通知一次，消失后再通知一次“已恢复”；状态记在台账 `feed_alert`。
- **判断依据**：是否已到看实际内容，不看对方的处理标志；应到时间取来源配置的 `expected`。
- **通知发不出去**：任务失败重试，下次运行会补发。
- 本流程不读取数据、不影响夜间对账，可随时停用或手工运行。
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import CronTriggerTimetable, dag, task

from hedui_airflow.defaults import tried_again
from hedui_airflow.feeds import run_watch
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import Summary

SITE = site_of_this_airflow()


@dag(
    dag_display_name="接收监控",
    description="What should be there and is not; what waits too long in intermediate databases",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("*/15 * * * *", timezone=SITE.timezone),
    start_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=dt.timedelta(minutes=14),
    tags=["监控", f"site:{SITE.id}"],
    default_args=tried_again(tries=2, at_most=dt.timedelta(minutes=10), pause=dt.timedelta(minutes=5)),
)
def feed_monitor() -> None:
    @task(task_display_name="查看应到与积压")
    def watch() -> Summary:
        """Tells once what is amiss, and once when it is over."""
        return run_watch()

    watch()


feed_monitor()
