"""Messages about bundles to the site's recipients: what came of them, what needs people."""

from __future__ import annotations

import logging

from hedui.context import Context
from hedui.notify import Notice, NotifyError, send_notice

log = logging.getLogger(__name__)


def tell(context: Context, title: str, *lines: str) -> bool:
    """Sends a message and logs it; a channel that fails does not hold up the bundle, what happened stands in the ledger.

    Args:
        context: Gives the site's recipients and connections.
        title: What it is about, without personal data.
        lines: What to say, without personal data.

    Returns:
        Whether it went out everywhere.
    """
    notice = Notice(title=f"【{context.site.title}】{title}", lines=lines)
    for line in (notice.title, *notice.lines):
        log.warning("%s", line)
    try:
        send_notice(notice, settings=context.site.notify, connection=context.connection)
    except NotifyError as error:
        log.warning("%s", error)
        return False
    return True
