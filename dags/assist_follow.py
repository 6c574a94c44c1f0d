"""#### 协查与通报

工作日每天 08:30：收取来件 → 配对 → 发出协查、通报和反馈 → 催办 → 超期的转案件（F24）。

- **期限**取站点 `assist.yaml` 各事项的工作日数；临近或超期时通知，每件每天至多一次。
- **配对**按证件号码在所列来源中查找，结果只记录“一人、查无、多人”和来源；反馈由人确定：`hedui assist answer`。
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import CronDataIntervalTimetable, dag, task

from hedui_airflow.defaults import tried_again
from hedui_airflow.exchange import run_assist
from hedui_airflow.forms import optional_date
from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import Summary

SITE = site_of_this_airflow()


@dag(
    dag_display_name="协查与通报",
    description="Follows requests for help and notices: received, paired, sent, reminded of, overdue ones as cases",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("30 8 * * *", timezone=SITE.timezone),
    start_date=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=dt.timedelta(hours=2),
    params={"business_date": optional_date("业务日期", "不填则取前一日")},
    tags=["协查", f"site:{SITE.id}"],
    default_args=tried_again(tries=3, at_most=dt.timedelta(minutes=30)),
)
def assist_follow() -> None:
    @task(task_display_name="协查办理")
    def follow() -> Summary:
        """Takes, pairs, sends and reminds; overdue ones become cases."""
        return run_assist()

    follow()


assist_follow()
