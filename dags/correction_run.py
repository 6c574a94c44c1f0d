"""#### 数据修正

把未结差异案件编成处理方案：编制 → 冻结并副本演练 → **业务部门审批** → **分管领导审批** → 执行或上报 → 回执 → 复读验证 → **复核**。

- **运行**：选目标系统和范围（不填即全部）；勾选“试算”则只编制和演练，不提交审批。申请人即启动本次运行的用户。
- **审批**：在“待操作的任务实例”中打开，页面写明修改内容、原因、人数、金额、示例和演练结果。驳回须写明理由，案件随即退回；
  逾期未决定按驳回处理。申请、审批、执行、复核须由不同人员办理，不符的决定不予采信并重新请批。
- **执行**：本级系统由本流程写入，一个事务，要么全部完成要么不作修改；中断后重跑不会重复执行。
  上级系统打包签名上报，等待回执期间不占用执行资源；退回的行自动释放，填写“上一轮方案”可编制下一轮。
- **回退**：填写“回退方案”的编号和理由，走同样的审批。
"""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

from airflow.sdk import PokeReturnValue, TriggerRule, dag, task, task_group

from hedui_airflow import corrections
from hedui_airflow.approval import REASON, BundleApproval
from hedui_airflow.defaults import tried_again
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import Summary

SITE = site_of_this_airflow()
LOOK_EVERY = float(os.environ.get("HEDUI_RECEIPT_SECONDS", "600"))
MANY = 16  # runs at once: a bundle may wait for weeks, and others must not wait for it


@dag(
    dag_display_name="数据修正",
    description="Correction bundles: planned, rehearsed, approved, executed or dispatched, and proven",
    doc_md=__doc__,
    schedule=None,
    start_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=MANY,
    dagrun_timeout=dt.timedelta(days=120),
    params=corrections.form(),
    tags=["修正", "审批", f"site:{SITE.id}"],
    default_args=tried_again(tries=5, at_most=dt.timedelta(hours=2)),
)
def correction_run() -> None:
    @task(task_display_name="编制方案")
    def plan() -> list[str]:
        """Plans bundles for the open cases that were asked for; their cases are taken from now on."""
        return corrections.run_plan()

    @task(task_display_name="冻结并演练", map_index_template="{{ task.op_kwargs['bundle'] }}")
    def prepare(bundle: str) -> Summary:
        """Freezes a bundle and rehearses it on a copy; what fails ends here with its reason."""
        return corrections.run_prepare(bundle)

    @task(task_display_name="汇总待批", trigger_rule=TriggerRule.ALL_DONE)
    def gather(planned: list[str]) -> list[str]:
        """What passed its rehearsal, and what is left of the others without the cases that they failed for."""
        return corrections.run_gather(planned)

    @task(task_display_name="执行或上报", map_index_template="{{ task.op_kwargs['bundle'] }}", retries=20)
    def carry_out(bundle: str) -> Summary:
        """Executes a bundle in one transaction, or puts it signed into the outbox."""
        return corrections.run_carry_out(bundle)

    @task.sensor(
        task_display_name="等待回执", map_index_template="{{ task.op_kwargs['bundle'] }}", mode="reschedule", poke_interval=LOOK_EVERY,
        timeout=dt.timedelta(days=90).total_seconds(), retries=20,
    )  # fmt: skip
    def receipt(bundle: str) -> PokeReturnValue:
        """Looks for the receipt now and then, and holds no worker in between."""
        return PokeReturnValue(is_done=corrections.look_for_receipt(bundle))

    @task.sensor(
        task_display_name="复读验证", map_index_template="{{ task.op_kwargs['bundle'] }}", mode="reschedule", poke_interval=LOOK_EVERY,
        timeout=dt.timedelta(days=30).total_seconds(), retries=20,
    )  # fmt: skip
    def prove(bundle: str) -> PokeReturnValue:
        """Reads the changed rows again; of others' systems as soon as their next data is there."""
        seen = corrections.look_again(bundle)
        return PokeReturnValue(is_done=seen is not None, xcom_value=seen)

    def decision(stage: str, label: str, bundle: Any, facts: Any = None) -> BundleApproval:
        return BundleApproval(
            task_id=stage, task_display_name=label, map_index_template="{{ task.bundle }}", stage=stage, bundle=bundle, facts=facts,
            params=REASON, retries=50, retry_delay=dt.timedelta(seconds=5), max_retry_delay=dt.timedelta(seconds=30),
        )  # fmt: skip

    @task_group(group_id="bundle", group_display_name="处理方案")
    def way(bundle: str) -> None:
        business, leader = decision("business", "业务部门审批", bundle), decision("leader", "分管领导审批", bundle)
        done, received, proved = carry_out(bundle=bundle), receipt(bundle=bundle), prove(bundle=bundle)
        business >> leader >> done >> received >> proved >> decision("review", "复核", bundle, proved)

    @task(task_display_name="有任务失败", trigger_rule=TriggerRule.ONE_FAILED, retries=0)
    def fail_if_any_failed() -> None:
        """Skipped on a good run, also where bundles were refused."""
        raise RuntimeError("A task of this run has failed; see the red ones.")

    planned = plan()
    prepared, gathered = prepare.expand(bundle=planned), gather(planned)
    prepared >> gathered
    [planned, prepared, gathered, way.expand(bundle=gathered)] >> fail_if_any_failed()


correction_run()
