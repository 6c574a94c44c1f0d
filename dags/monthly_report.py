"""#### 运维工作月报告

每月 2 日 07:30（北京时间）出上月《运维工作月报告》（xlsx 与 docx）；季末、年末月份一并出季报告、年报告。

- **数字只取自台账**：批次、差异、处理方案、上报、区划、故障、维护任务、巡检；KPI 逐项列分子、分母，与上期对照。
- **补出某期**：手工运行，填写 `business_date`（期内任一天）和 `cycle`；或用回填。重做逐字节相同。
- **问题与建议、下期计划**：台账之外的文字在手工运行时逐条填写。
- **文件**：`reports/operations/<类型>/<报告期>/`。
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import CronDataIntervalTimetable, Param, dag, task

from hedui_airflow.defaults import tried_again
from hedui_airflow.forms import optional_date
from hedui_airflow.operations import run_reports, run_tell
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import Summary

SITE = site_of_this_airflow()
LINES = {"type": ["null", "array"], "items": {"type": "string"}}
CYCLES = {"month": "月报告", "quarter": "季报告", "year": "年报告"}


@dag(
    dag_display_name="运维工作月报告",
    description="The month's report on operations with its KPI table, by quarter and year too",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("30 7 2 * *", timezone=SITE.timezone),
    start_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=dt.timedelta(hours=2),
    params={
        "business_date": optional_date("日期", "报告期内的任一天；不填则取上月"),
        "cycle": Param(
            None, type=["null", "string"], enum=[None, *CYCLES], values_display=CYCLES, title="报告类型",
            description="不选则出月末结束的各期",
        ),
        "problems": Param(None, **LINES, title="问题与建议", description="逐条补充，不含个人信息"),
        "plans": Param(None, **LINES, title="下期计划", description="逐条补充，不含个人信息"),
    },
    tags=["月报", f"site:{SITE.id}"],
    default_args=tried_again(tries=2, at_most=dt.timedelta(minutes=45)),
)  # fmt: skip
def monthly_report() -> None:
    @task(task_display_name="编制报告")
    def report() -> list[Summary]:
        """Makes the workbook and the document of each period that is due."""
        return run_reports()

    @task(task_display_name="通知", retries=0, execution_timeout=dt.timedelta(minutes=10))
    def notify(made: list[Summary]) -> Summary:
        """Tells the KPI table."""
        return run_tell(made)

    notify(report())


monthly_report()
