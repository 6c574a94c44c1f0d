"""#### 系统巡检

每天 08:15（北京时间）巡检站点 `inspection.yaml` 列出的系统，出《巡检报告单》。

- **巡检类型按日历**：每天日常巡检；每周最后一个工作日加做每周巡检；节假日前最后一个工作日加做节假日前巡检；季末最后一个工作日加做季度例检。
- **异常即立案**：异常项目登记为案件，下次巡检正常即自动消除；未能检测的项目，此前的异常继续列示。
- **旧日志**：只列示；站点写明 `delete_after` 的目录到期删除，逐个文件留审计记录。
- **文件**：`reports/inspection/<日期>/巡检报告单_<编号>.xlsx`。
- **手工运行**：可选巡检类型；同一天重做替换当天的报告单。不补做过去的日期。
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.sdk import CronTriggerTimetable, Param, TriggerRule, dag, task

from hedui.inspection.model import KIND_NAMES
from hedui_airflow.defaults import tried_again
from hedui_airflow.inspection import run_inspect, run_plan, run_tell
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import Summary

SITE = site_of_this_airflow()


@dag(
    dag_display_name="系统巡检",
    description="Inspects systems and connections day by day, before weekends, holidays and the ends of quarters more widely",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("15 8 * * *", timezone=SITE.timezone),
    start_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=dt.timedelta(hours=3),
    params={
        "kinds": Param(
            None, type=["null", "array"], items={"type": "string", "enum": list(KIND_NAMES)}, examples=list(KIND_NAMES),
            values_display=KIND_NAMES, title="巡检类型", description="不选则按日历",
        ),
    },
    tags=["巡检", f"site:{SITE.id}"],
    default_args=tried_again(tries=2, at_most=dt.timedelta(minutes=30), pause=dt.timedelta(minutes=10)),
)  # fmt: skip
def daily_inspection() -> None:
    @task(task_display_name="列出系统")
    def plan() -> list[dict[str, str]]:
        """Which systems the site has inspected."""
        return run_plan()

    @task(task_display_name="巡检", map_index_template="{{ task.op_kwargs['name'] }}")
    def inspect(system: str, name: str) -> Summary:
        """Measures a system, writes its report, opens and closes cases."""
        return run_inspect(system)

    @task(
        task_display_name="通知异常", trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS, retries=0,
        execution_timeout=dt.timedelta(minutes=10),
    )  # fmt: skip
    def notify(made: Any) -> Summary:
        """Tells what is abnormal."""
        return run_tell([item for item in made if item])

    @task(task_display_name="有任务失败", trigger_rule=TriggerRule.ONE_FAILED, retries=0)
    def fail_if_any_failed() -> None:
        """Skipped on a good run. Without it an inspection that broke would end in a green run, because others are told all the same."""
        raise RuntimeError("An inspection of this run has failed; see the red ones.")

    made = inspect.expand_kwargs(plan())
    told = notify(made)
    [made, told] >> fail_if_any_failed()


daily_inspection()
