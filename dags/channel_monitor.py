"""#### 渠道监控

每 15 分钟查看各银行、各渠道的缴费笔数与金额、缴费至国库入库与社保到账的时延、被拒申报和静默。

- **阈值**：由往周同一星期、同一时段的采样学得，不严于站点 `channels.yaml` 的 `floors`；不足三周的只用 `floors`。
- **只告警一次**：同一异常只通知一次，消失后再通知一次“已恢复”。
- **采样**：每次运行每个渠道在台账 `channel_sample` 留一行，保存 400 天。
- 本流程只读数据湖，不影响夜间对账，可随时停用或手工运行。
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import CronTriggerTimetable, dag, task

from hedui_airflow.channels import run_watch
from hedui_airflow.defaults import tried_again
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import Summary

SITE = site_of_this_airflow()


@dag(
    dag_display_name="渠道监控",
    description="Volume, delays, refusals and silence of the bank channels against what is usual at the hour",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("*/15 * * * *", timezone=SITE.timezone),
    start_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=dt.timedelta(minutes=14),
    tags=["监控", f"site:{SITE.id}"],
    default_args=tried_again(tries=2, at_most=dt.timedelta(minutes=10), pause=dt.timedelta(minutes=5)),
)
def channel_monitor() -> None:
    @task(task_display_name="查看各渠道")
    def watch() -> Summary:
        """Keeps a sample of each channel; tells once what is amiss, and once when it is over."""
        return run_watch()

    watch()


channel_monitor()
