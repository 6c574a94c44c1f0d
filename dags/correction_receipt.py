"""#### 回执登记

上级以纸质或来文答复的处理方案回执，由经办人在此填表登记；以文件送达并签名的回执自动读取，不必登记。

- **谁可以登记**：站点 `corrections.yaml` 中 `people.receivers` 所列用户（未列则为申请人和执行账户）；审批过或复核过该方案的人不能登记，
  登记过回执的人不能复核。登记人、来文号、内容进入审计链。
- **部分执行**：逐行填写退回的行号和原因，一行一条，如 `3=缺少缴费凭证`；行号见方案的前后对照表。
- 与已生效回执矛盾、行号不存在、方案已不在待回执状态的，只登记不采信，本次运行显示为“跳过”并写明原因。
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import dag, task

from hedui_airflow import receipts
from hedui_airflow.defaults import tried_again
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import Summary

SITE = site_of_this_airflow()


@dag(
    dag_display_name="回执登记",
    description="A receipt for a dispatched correction bundle, entered from paper",
    doc_md=__doc__,
    schedule=None,
    start_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=4,
    dagrun_timeout=dt.timedelta(hours=1),
    params=receipts.form(),
    tags=["修正", "回执", f"site:{SITE.id}"],
    default_args=tried_again(tries=3, at_most=dt.timedelta(minutes=30), pause=dt.timedelta(minutes=10)),
)
def correction_receipt() -> None:
    @task(task_display_name="登记回执")
    def enter() -> Summary:
        """Takes the receipt into the ledger, as whoever started the run."""
        return receipts.run_enter()

    enter()


correction_receipt()
