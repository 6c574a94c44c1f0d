"""The bodies of the inspection's tasks."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import asdict

from hedui_airflow.outline import site_of_this_airflow
from hedui_airflow.tasks import NOTIFY_TRIES, Summary, masked, task_context

log = logging.getLogger(__name__)


def run_plan() -> list[dict[str, str]]:
    """The systems that are to be inspected; a site without any ends as skipped."""
    from airflow.sdk.exceptions import AirflowSkipException

    from hedui.inspection.settings import FILE, load_inspection

    settings = load_inspection(site_of_this_airflow())
    if settings is None:
        raise AirflowSkipException(f"The site has no {FILE}: it has nothing inspected.")
    return [{"system": system.id, "name": system.name} for system in settings.systems]


def run_inspect(system: str) -> Summary:
    """Inspects one system; what is abnormal is a result, not a failure."""
    from airflow.sdk import get_current_context

    from hedui.inspection.run import inspect_and_record

    airflow = get_current_context()
    kinds = tuple(airflow["params"].get("kinds") or ())
    actor = f"airflow:{airflow['dag_run'].run_id}"
    context, now = task_context(), dt.datetime.now(dt.UTC)
    done = masked(lambda: inspect_and_record(context, system, now=now, actor=actor, kinds=kinds))
    log.info("%s: items %d, abnormal %d, unmeasured %d", done.number, done.items, done.abnormal, done.unmeasured)
    return asdict(done)


def run_tell(made: Sequence[Summary]) -> Summary:
    """Tells the site's recipients what is abnormal; where all is well nobody is written to."""
    from hedui.notify import Notice, send_notice

    context = task_context()
    lines = [line for item in made for line in item["lines"]]
    lines += [f"{item['number']}：{item['unmeasured']} 项未检出" for item in made if item["unmeasured"]]
    if not lines:
        return {"told": 0}
    notice = Notice(title=f"【{context.site.title}】巡检异常 {len(lines)} 项", lines=tuple(lines))

    def tell() -> int:
        return send_notice(notice, settings=context.site.notify, connection=context.connection, tries=NOTIFY_TRIES)

    return {"told": masked(tell)}
