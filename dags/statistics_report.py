"""#### 统计报表

每天 06:30（北京时间）出前一业务日的统计日报；业务日是周、月、季、年的最后一日时，一并出周报、月报、季报、年报。

**步骤**：列出应出报表 → 逐表编制（每表一个）→ 目录与清理 → 分发。

- **报表**：`include/statistics/*.yaml` 各一张，SQL 在 `include/sql/statistics/`；新增报表不改程序。
- **补出历史各期**：用“回填”；逻辑日期即业务日期，回填含期末日即出该期周报、月报等。重跑结果逐字节相同；回填不分发。
- **临时编制**：手工运行，选报表期类型、日期和报表，可按以后的区划版本重述，可出对外版本（小单元格隐去）。
- **缺数据**：数据湖没有该期数据的报表不编制（见“列出应出报表”日志）；部分日期缺数据的照常编制，封面写明缺哪些。
- **文件**：`reports/statistics/<类型>/<报表期>/`，目录页 `reports/statistics/index.html`。
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.sdk import CronDataIntervalTimetable, Param, TriggerRule, dag, task

from hedui.statistics.definitions import awaits, definitions
from hedui.statistics.periods import NAMES
from hedui_airflow.defaults import tried_again
from hedui_airflow.forms import LAST_FINISHED_DAY, optional_date
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.statistics import run_distribute, run_plan, run_publish, run_report
from hedui_airflow.tasks import Summary

SITE = site_of_this_airflow()
TITLES = {name: item.title for name, item in definitions().items() if not awaits(item)}
HEAVY_POOL = "hedui_heavy"


@dag(
    dag_display_name="统计报表",
    description="Statistics by day, week, month, quarter and year, distributed to those who want them",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("30 6 * * *", timezone=SITE.timezone),
    start_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=dt.timedelta(hours=12),
    params={
        "cycle": Param(
            None, type=["null", "string"], enum=[None, *NAMES], values_display=NAMES,
            title="报表期类型", description="不选则出该日结束的各期（每日必有日报）",
        ),
        "business_date": optional_date("日期", f"报表期内的任一天；{LAST_FINISHED_DAY}"),
        "reports": Param(
            None, type=["null", "array"], items={"type": "string", "enum": list(TITLES)}, examples=list(TITLES), values_display=TITLES,
            title="报表", description="不选则全部",
        ),
        "restated": optional_date("重述到区划版本", "如 2026-06-30；不填则按当期原口径"),
        "outside": Param(False, type="boolean", title="出对外版本", description="少于 5 户、5 人的数字隐去"),
        "distribute": Param(False, type="boolean", title="编制后分发", description="按站点 statistics.yaml 的接收方发送"),
    },
    tags=["统计", f"site:{SITE.id}"],
    default_args=tried_again(tries=3, at_most=dt.timedelta(hours=2)),
)  # fmt: skip
def statistics_report() -> None:
    @task(task_display_name="列出应出报表")
    def plan() -> list[dict[str, Any]]:
        """Which reports of which periods this run makes."""
        return run_plan()

    @task(task_display_name="编制", pool=HEAVY_POOL, map_index_template="{{ task.op_kwargs['label'] }}")
    def report(report: str, cycle: str, start: str, label: str) -> list[Summary]:
        """Makes one report; skipped where the lake has nothing of its period."""
        return run_report(report, cycle, start)

    @task(task_display_name="目录与清理", trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
    def publish() -> Summary:
        """Writes the index page and removes what is over its time."""
        return run_publish()

    @task(task_display_name="分发", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
    def distribute(made: Any) -> Summary:
        """Hands the files to the site's receivers; nothing in a backfill."""
        return run_distribute([item for item in made if item])

    @task(task_display_name="有任务失败", trigger_rule=TriggerRule.ONE_FAILED, retries=0)
    def fail_if_any_failed() -> None:
        """Skipped on a good run. Without it a failed report would end in a green run, because the page is written anyway."""
        raise RuntimeError("A report of this run has failed; see the red ones.")

    made = report.expand_kwargs(plan())
    published, sent = publish(), distribute(made)
    made >> published >> sent
    [made, published, sent] >> fail_if_any_failed()


statistics_report()
