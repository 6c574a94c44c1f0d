"""#### 区划代码迁移

每年 1 月 1 日、7 月 1 日，把刚结束的半年度的区划变更落到站点 `regions.yaml` 所列的各表各列。

**步骤**：载入新版并检查 → 建立基线 → 迁移前检查 → 副本演练（含回退演练） → **批准** → 分批迁移 → 核验 → 核验报告。

- **批准**：在“待操作的任务实例”中打开，页面列出每条映射、涉及行数、待判定队列和须确认的停；
  停须逐条写明编号（分号隔开），或写“全部”。
- **待人工判定**：`hedui regions queue-out` 导出清单，填写后 `queue-in` 导入，再清除“副本演练”及其下游重跑。
- **补做多个半年度**：手工运行，填写 `from_date`（数据现用版本）和 `to_date`（要迁移到的版本），各半年度的变更自动合成。
- **核验报告**：用环境变量 `HEDUI_REPORT_KEY` 的密钥签名，没有密钥则第一步即停；收到的文件用 `hedui regions verify-report` 核对。
- **中断**：重跑“分批迁移”即从断点继续；回退用 `hedui regions rollback`，恢复后逐代码与基线比对。
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import CronDataIntervalTimetable, Param, TriggerRule, chain, dag, task

from hedui_airflow.defaults import tried_again
from hedui_airflow.forms import optional_date
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.regions import APPROVE, REJECT, approvers, ask, run_region_step, run_report, take_decision
from hedui_airflow.tasks import Summary

SITE = site_of_this_airflow()


@dag(
    dag_display_name="区划代码迁移",
    description="Migrates region codes half-yearly, after a rehearsal and an approval, and proves it",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("0 1 1 1,7 *", timezone=SITE.timezone),
    start_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=dt.timedelta(days=30),
    params={
        "from_date": optional_date("旧版日期", "数据现用的区划版本；与新版日期一起填，都不填则取刚结束的半年度"),
        "to_date": optional_date("新版日期", "要迁移到的区划版本"),
    },
    tags=["区划", "半年度", f"site:{SITE.id}"],
    default_args=tried_again(tries=3, at_most=dt.timedelta(hours=12), pause=dt.timedelta(minutes=30)),
)
def region_code_migration() -> None:
    def step(name: str, label: str, *, retries: int = 3) -> Any:
        return task(task_id=name, task_display_name=label, retries=retries)(run_region_step)(name)

    @task(task_display_name="编制批准页面")
    def page() -> Summary:
        """Writes what the approver reads."""
        return ask()

    @task(task_display_name="登记批准")
    def decide(asked: Summary, decision: Summary) -> Summary:
        """Copies the decision to the ledger; a refusal skips the rest."""
        return take_decision(asked, decision)

    @task(task_display_name="核验报告", trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
    def report() -> Summary:
        """Writes the verification report, also of a run that was refused or stopped."""
        return run_report()

    @task(task_display_name="有任务失败", trigger_rule=TriggerRule.ONE_FAILED, retries=0)
    def fail_if_any_failed() -> None:
        """Skipped on a good run. Without it a failed proof would end in a green run, because the report is written anyway."""
        raise RuntimeError("A task of this migration has failed; see the red ones.")

    asked = page()
    approval = HITLOperator(
        task_id="approve",
        task_display_name="批准",
        subject=f"{SITE.name}：区划代码迁移待批准",
        body="{{ ti.xcom_pull(task_ids='page')['page'] }}",
        options=[APPROVE, REJECT],
        params={
            "note": Param(None, type=["null", "string"], title="批准意见"),
            "stops": Param(None, type=["null", "string"], title="已确认的停（编号，分号隔开；或“全部”）"),
        },
        assigned_users=approvers() or None,
        response_timeout=dt.timedelta(days=25),
    )
    before = [step("load", "载入新版"), step("baseline", "建立基线"), step("preflight", "迁移前检查"), step("rehearse", "副本演练")]
    decided = decide(asked, approval.output)  # type: ignore[arg-type]
    moved, proved, reported = step("migrate", "分批迁移", retries=20), step("prove", "核验"), report()
    chain(*before, asked, approval, decided, moved, proved)
    [before[-1], proved] >> reported
    [*before, asked, approval, decided, moved, proved, reported] >> fail_if_any_failed()


region_code_migration()
