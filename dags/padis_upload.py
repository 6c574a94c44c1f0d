"""#### 出生与生育登记上报

每天 06:00（北京时间）把前一业务日的出生、生育登记记录报送 PADIS；到期之日（每月 5 日）对上月月结。

**步骤**：采集 → 校验、打包 → 上报并等待回执 → 被拒记录转案件 → 月结。

- **等待回执**不占用执行资源；时限内没有办结的批次，下一次运行继续查询。结果不明的批次只查询，不盲目重发。
- **零报告**：到期的月份没有记录时自动报送。
- **被拒记录**：按行登记原因并转为案件；来源更正后，下一次运行自动以新版本上报，或用 `hedui padis resubmit` 原样重报。
- **补报某月**：手工运行，填写 `period`（如 202605），只报送该月尚未被接收的记录。补跑历史日期时，旧数据只补未知记录，不覆盖新数据。
- **挂起批次**：无法查询或发送次数已满，本次运行标红；核实后用 `hedui padis release` 放行。
"""

from __future__ import annotations

import datetime as dt
import os

from airflow.sdk import CronDataIntervalTimetable, Param, PokeReturnValue, TriggerRule, dag, task

from hedui_airflow import padis
from hedui_airflow.defaults import tried_again
from hedui_airflow.exchange_runs import NAMED
from hedui_airflow.forms import optional_date
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import Summary

SITE = site_of_this_airflow()
LOOK_EVERY = float(os.environ.get("HEDUI_RECEIPT_SECONDS", "600"))
KINDS = [{"kind": "birth", "name": "出生"}, {"kind": "registration", "name": "生育登记"}]


@dag(
    dag_display_name="出生与生育登记上报",
    description="Reports births and fertility registrations to PADIS day by day, and closes the months",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("0 6 * * *", timezone=SITE.timezone),
    start_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=dt.timedelta(hours=23),
    params={
        "business_date": optional_date("业务日期"),
        "period": Param(None, type=["null", "string"], title="补报月份", description="如 202605；只打包该月记录，不填则全部"),
    },
    tags=["PADIS", "上报", f"site:{SITE.id}"],
    default_args=tried_again(tries=5, at_most=dt.timedelta(hours=2)),
)
def padis_upload() -> None:
    @task(task_display_name="采集", **NAMED)
    def collect(kind: str, name: str) -> Summary:
        """Takes the canonical records of a kind; skipped where none was delivered."""
        return padis.run_collect(kind)

    @task(task_display_name="校验、打包", trigger_rule=TriggerRule.ALL_DONE, **NAMED)
    def prepare(kind: str, name: str) -> Summary:
        """Judges what waits and packs it into files, and the zero reports of months that are due."""
        return padis.run_prepare(kind)

    @task.sensor(
        task_display_name="上报并等待回执", mode="reschedule", poke_interval=LOOK_EVERY, retries=20,
        timeout=dt.timedelta(hours=22).total_seconds(), trigger_rule=TriggerRule.ALL_DONE,
    )  # fmt: skip
    def upload() -> PokeReturnValue:
        """Sends, asks and takes receipts now and then, and holds no worker in between."""
        seen = padis.look_and_send()
        return PokeReturnValue(is_done=seen is not None, xcom_value=seen)

    @task(task_display_name="被拒记录转案件", trigger_rule=TriggerRule.ALL_DONE)
    def settle() -> Summary:
        """Makes cases of records that wait for a correction."""
        return padis.run_settle()

    @task(task_display_name="月结", trigger_rule=TriggerRule.ALL_DONE)
    def close() -> Summary:
        """Closes the months that are due and that nothing keeps open."""
        return padis.run_close()

    @task(task_display_name="有批次挂起", trigger_rule=TriggerRule.ALL_DONE, retries=0)
    def fail_if_parked(summary: Summary) -> None:
        """Fails where a file waits for a person."""
        padis.refuse_parked(summary)

    @task(task_display_name="有任务失败", trigger_rule=TriggerRule.ONE_FAILED, retries=0)
    def fail_if_any_failed() -> None:
        """Skipped on a good run. Without it a failed task would end in a green run, because the later tasks go on."""
        raise RuntimeError("A task of this run has failed; see the red ones.")

    collected, prepared = collect.expand_kwargs(KINDS), prepare.expand_kwargs(KINDS)
    sent, settled, closed = upload(), settle(), close()
    collected >> prepared >> sent >> settled >> closed
    [collected, prepared, sent, settled, closed, fail_if_parked(sent)] >> fail_if_any_failed()  # type: ignore[arg-type]


padis_upload()
