"""#### 对外推送

每天 07:00 把前一业务日的数据推送给其他部门，按区划分文件，只送站点 `pushes.yaml` 所列的列，按列脱敏；统计表隐去小数格。

- **不重复**：数据未变的文件不再送出；数据有变的以新的批次号送出。
- **回执**：行数与摘要须与送出的一致，不一致的登记为“回执不符”。
- **留痕**：何时、向谁、依据什么、送出哪些列多少行，均在审计链（`hedui audit list`）。
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import CronDataIntervalTimetable, TriggerRule, dag, task

from hedui_airflow import exchange
from hedui_airflow.defaults import tried_again
from hedui_airflow.exchange_runs import NAMED
from hedui_airflow.forms import optional_date
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import Summary

SITE = site_of_this_airflow()


@dag(
    dag_display_name="对外推送",
    description="Pushes the least of the data to other agencies, by region, masked, with receipts",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("0 7 * * *", timezone=SITE.timezone),
    start_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=dt.timedelta(hours=12),
    params={
        "business_date": optional_date("业务日期"),
    },
    tags=["推送", f"site:{SITE.id}"],
    default_args=tried_again(tries=5, at_most=dt.timedelta(hours=2)),
)
def outbound_push() -> None:
    @task(task_display_name="登记回执", **NAMED)
    def receipts(push: str, name: str) -> Summary:
        """Takes the receipts of what was pushed before."""
        return exchange.take_push_receipts(push)

    @task(task_display_name="推送", trigger_rule=TriggerRule.ALL_DONE, **NAMED)
    def send(push: str, name: str) -> Summary:
        """Sends what is new; skipped where the source has not delivered."""
        return exchange.run_push(push)

    @task(task_display_name="有任务失败", trigger_rule=TriggerRule.ONE_FAILED, retries=0)
    def fail_if_any_failed() -> None:
        """Skipped on a good run. Without it failed receipts would end in a green run, because the push goes on."""
        raise RuntimeError("A task of this run has failed; see the red ones.")

    pushes = exchange.listed_pushes()
    taken, sent = receipts.expand_kwargs(pushes), send.expand_kwargs(pushes)
    taken >> sent
    [taken, sent] >> fail_if_any_failed()


outbound_push()
