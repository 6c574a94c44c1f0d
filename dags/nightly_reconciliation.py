"""#### 夜间对账

每晚 02:30（北京时间）核对前一业务日各部门、各层级的参保、征集与缴费数据。

**步骤**：读取来源 → 重算更正日期 → 规则检查（每来源一个）、跨表规则、比对（每项一个）→ 疑似同一人 → 入台账 → 出报表 → 通知。

- **重算更正日期**：重发、撤销改变了以往日期的数据时，重做那些日期的检查、比对、台账和报表。
- **来源未到**：该来源显示为“已跳过”，只有需要它的比对被跳过（原因见日志），其余照常。
- **补跑历史日期**：用“回填”；结束日期请取当日 23:59，运行的逻辑日期即业务日期。重跑同一日期结果不变。
- **重跑某一来源**：清除该来源的任务实例及其下游即可，下游会重新计算。
- **手工运行**：可填业务日期 `business_date`（如 2026-06-03）；不填则取最近一个已结束的业务日。
- **按新版区划重述**：手工运行时填 `regions`（较新区划表的日期），在原日报之外另出一份按该版代码的日报。
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import CronDataIntervalTimetable, TriggerRule, dag, task

from hedui_airflow.defaults import tried_again
from hedui_airflow.forms import optional_date
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import Summary, run_notify, run_report, run_step

SITE = site_of_this_airflow()
HEAVY_POOL = "hedui_heavy"  # one slot: two tasks that fill the memory never run together
HEAVY_MAPPED = {"pool": HEAVY_POOL, "trigger_rule": TriggerRule.ALL_DONE, "map_index_template": "{{ task.op_kwargs['name'] }}"}


@task(task_display_name="有任务失败", trigger_rule=TriggerRule.ONE_FAILED, retries=0)
def fail_if_any_failed() -> None:
    """Skipped on a good night. Without it a failed source would end in a green run, because the later tasks go on."""
    raise RuntimeError("A task of this night has failed; see the red ones.")


@dag(
    dag_display_name="夜间对账",
    description="Compares what the agencies and tiers hold, night by night",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("30 2 * * *", timezone=SITE.timezone),
    start_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=dt.timedelta(hours=20),
    params={
        "business_date": optional_date("业务日期"),
        "regions": optional_date(
            "按新版区划重述", "填较新区划表的日期（如 2026-06-30），另出一份按该版代码重述的日报；不填则只按当夜代码"
        ),
    },
    tags=["对账", "夜间", f"site:{SITE.id}"],
    default_args=tried_again(tries=3, at_most=dt.timedelta(hours=2)),
)
def nightly_reconciliation() -> None:
    @task(task_display_name="读取来源", map_index_template="{{ task.op_kwargs['name'] }}")
    def extract(source: str, name: str) -> Summary:
        """Reads one source into the lake; skipped where it has not delivered."""
        return run_step("extract", source)

    @task(task_display_name="重算更正日期", pool=HEAVY_POOL, trigger_rule=TriggerRule.ALL_DONE)
    def restate() -> Summary:
        """Makes other nights anew whose batches were corrected by what has been read since."""
        return run_step("restate")

    @task(task_display_name="规则检查", **HEAVY_MAPPED)
    def checks(source: str, name: str) -> Summary:
        """Runs the data-quality rules of one source's datasets; skipped where it has not delivered."""
        return run_step("check_source", source)

    @task(task_display_name="跨表规则", pool=HEAVY_POOL, trigger_rule=TriggerRule.ALL_DONE)
    def cross_rules() -> Summary:
        """Runs the rules across datasets and builds the night's data docs."""
        return run_step("check_across")

    @task(task_display_name="比对", **HEAVY_MAPPED)
    def compare(comparison: str, name: str) -> Summary:
        """Runs one comparison; skipped where a side is missing."""
        return run_step("compare", comparison)

    @task(task_display_name="疑似同一人", **HEAVY_MAPPED)
    def link(comparison: str, name: str) -> Summary:
        """Suggests which one-sided keys of a comparison are the same person; skipped where it did not run."""
        return run_step("link", comparison)

    @task(task_display_name="入台账", pool=HEAVY_POOL, trigger_rule=TriggerRule.ALL_DONE)
    def record() -> Summary:
        """Merges the night's findings into the ledger's cases."""
        return run_step("record")

    @task(task_display_name="出报表", pool=HEAVY_POOL)
    def report() -> Summary:
        """Makes the night's workbook, and the restated one where the form asks for it."""
        return run_report()

    @task(task_display_name="通知", trigger_rule=TriggerRule.ALL_DONE, retries=0, execution_timeout=dt.timedelta(minutes=10))
    def notify() -> Summary:
        """Sends the night's figures, or says what failed."""
        return run_notify()

    sources = [{"source": source.id, "name": source.name} for source in SITE.sources]
    read, restated = extract.expand_kwargs(sources), restate()
    checked, crossed = checks.expand_kwargs(sources), cross_rules()
    compared = compare.expand_kwargs([{"comparison": comparison.id, "name": comparison.name} for comparison in SITE.comparisons])
    linked = link.expand_kwargs([{"comparison": comparison.id, "name": comparison.name} for comparison in SITE.linked])
    recorded, reported, notified = record(), report(), notify()
    read >> restated >> checked >> crossed >> recorded
    restated >> compared >> linked >> recorded >> reported >> notified
    [read, restated, checked, crossed, compared, linked, recorded, reported, notified] >> fail_if_any_failed()


nightly_reconciliation()
