"""Messages about a night, sent to a mail server and a robot on this machine."""

from __future__ import annotations

import base64
import datetime as dt
import email
import email.policy
import hashlib
import hmac
import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from hedui import notify
from hedui.notify import Notice, NotifyError, night_notice, send_dingtalk, send_notice, signature
from hedui.site import Site, load_site
from hedui.site.models import Notify

DEMO = Path(__file__).resolve().parents[3] / "include" / "sites" / "demo"
NIGHT = dt.date(2026, 6, 4)
NOTICE = Notice(title="【和对市】夜间对账完成", lines=("业务日期：2026-06-04", "台账：新增 12"))


@dataclass
class Mailbox:
    """A stub of a mail server: speaks enough SMTP for one message at a time, keeps what it is given, refuses the first messages."""

    port: int = 0
    refuse: int = 0
    messages: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            def say(line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

            say("220 stub")
            for raw in self.rfile:
                verb = raw.decode().strip()
                if verb.upper().startswith("RCPT"):
                    box.recipients.append(verb.split(":", 1)[1].strip("<> "))
                    say("550 no such user" if box.refuse > 0 else "250 ok")
                    box.refuse -= 1
                elif verb.upper() == "DATA":
                    say("354 go")
                    body = b""
                    while not body.endswith(b"\r\n.\r\n"):
                        body += self.rfile.readline()
                    box.messages.append(body.removesuffix(b".\r\n"))
                    say("250 ok")
                elif verb.upper() == "QUIT":
                    say("221 bye")
                    return
                else:
                    say("250 ok")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield box
        server.shutdown()
        thread.join()


@dataclass
class Robot:
    """A stub of 钉钉's robot: keeps requests, answers with ``errcode``."""

    url: str = ""
    errcode: int = 0
    status: int = 200
    requests: list[tuple[str, dict[str, object]]] = field(default_factory=list)


@pytest.fixture
def robot() -> Iterator[Robot]:
    stub = Robot()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            stub.requests.append((self.path, body))
            answer = json.dumps({"errcode": stub.errcode, "errmsg": "x"}).encode()
            self.send_response(stub.status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stub.url = f"http://127.0.0.1:{server.server_port}/robot/send?access_token=t0ken"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield stub
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(DEMO)


def test_mail_goes_to_all_recipients_and_is_readable_chinese(mailbox: Mailbox) -> None:
    settings = Notify(email_to=("a@hedui.invalid", "b@hedui.invalid"))
    urls = {"hedui_smtp": f"smtp://127.0.0.1:{mailbox.port}/?from=hedui%40city.invalid"}
    assert send_notice(NOTICE, settings=settings, connection=urls.__getitem__) == 1
    assert mailbox.recipients == ["a@hedui.invalid", "b@hedui.invalid"]
    message = email.message_from_bytes(mailbox.messages[0], policy=email.policy.default)
    assert message["Subject"] == NOTICE.title
    assert message["From"] == "hedui@city.invalid"
    assert message.get_content().replace("\r\n", "\n") == "业务日期：2026-06-04\n台账：新增 12\n"


def test_the_robot_gets_a_signed_message(robot: Robot) -> None:
    send_dingtalk(NOTICE, url=f"{robot.url}#{quote('SEC/1+2')}")
    path, body = robot.requests[0]
    query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    expected = hmac.new(b"SEC/1+2", f"{query['timestamp']}\nSEC/1+2".encode(), hashlib.sha256).digest()
    assert base64.b64decode(query["sign"]) == expected
    assert query["access_token"] == "t0ken"
    assert "SEC" not in path
    assert body["msgtype"] == "markdown"
    assert body["markdown"] == {"title": NOTICE.title, "text": f"#### {NOTICE.title}\n\n- 业务日期：2026-06-04\n- 台账：新增 12"}


def test_the_signature_of_a_fixed_moment() -> None:
    # Computed with: printf '1577808000000\nSECabc' | openssl dgst -sha256 -hmac SECabc -binary | base64
    assert signature("SECabc", 1577808000000) == "d8MiemiW5bT/XT2zgWrhyRQdANlJ4zkTa39rkwaldRU="


def test_without_a_secret_nothing_is_signed(robot: Robot) -> None:
    send_dingtalk(NOTICE, url=robot.url)
    assert urlsplit(robot.requests[0][0]).query == "access_token=t0ken"


@pytest.mark.parametrize(("errcode", "status"), [(310000, 200), (0, 500)], ids=["refused", "broken"])
def test_a_robot_that_refuses_is_an_error_without_the_token(robot: Robot, errcode: int, status: int) -> None:
    robot.errcode, robot.status = errcode, status
    with pytest.raises(NotifyError, match=r"The robot at 127\.0\.0\.1") as raised:
        send_dingtalk(NOTICE, url=f"{robot.url}#SECRET")
    assert "t0ken" not in str(raised.value)
    assert "SECRET" not in str(raised.value)


def test_one_broken_channel_does_not_keep_the_other_from_hearing(mailbox: Mailbox, robot: Robot) -> None:
    mailbox.refuse = 1
    urls = {"hedui_smtp": f"smtp://127.0.0.1:{mailbox.port}/", "group": robot.url}
    settings = Notify(email_to=("a@hedui.invalid",), webhook_connection="group")
    with pytest.raises(NotifyError, match=r"e-mail: The mail server 127\.0\.0\.1 did not take the message"):
        send_notice(NOTICE, settings=settings, connection=urls.__getitem__)
    assert len(robot.requests) == 1


def test_a_channel_that_fails_is_tried_again_and_the_other_hears_once(
    mailbox: Mailbox, robot: Robot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "PAUSE", 0)
    mailbox.refuse = 2
    urls = {"hedui_smtp": f"smtp://127.0.0.1:{mailbox.port}/", "group": robot.url}
    settings = Notify(email_to=("a@hedui.invalid",), webhook_connection="group")
    assert send_notice(NOTICE, settings=settings, connection=urls.__getitem__, tries=3) == 2
    assert len(robot.requests) == 1
    assert len(mailbox.messages) == 1


def test_without_recipients_nothing_is_sent() -> None:
    assert send_notice(NOTICE, settings=Notify(), connection={}.__getitem__) == 0


def test_a_good_night_in_words(site: Site) -> None:
    notice = night_notice(
        site,
        NIGHT,
        extracted=[source.id for source in site.sources],
        compared=[comparison.id for comparison in site.comparisons],
        record={"new": 1234, "cleared": 0, "open_total": 5678, "partitions": 9},
        report={"workbook": "/r/对账日报.xlsx", "detail": "/r/明细.csv"},
    )
    assert notice.title == "【和对市社会保险跨部门对账】2026-06-04 夜间对账完成"
    assert notice.lines == (
        "业务日期：2026-06-04",
        "来源：应到 19 个，已读 19 个",
        "比对：应做 24 项，已做 24 项",
        "台账：新增 1,234，消除 0，未结 5,678",
        "报表：/r/对账日报.xlsx",
    )


def test_a_night_with_gaps_and_failures_in_words(site: Site) -> None:
    notice = night_notice(
        site,
        NIGHT,
        extracted=[source.id for source in site.sources if source.id != "guotong"],
        compared=[comparison.id for comparison in site.comparisons if not comparison.id.endswith("tiers")],
        record={},
        report=None,
        failed=["出报表"],
    )
    assert notice.title.endswith("夜间对账未完成")
    assert notice.lines[1:] == (
        "来源：应到 19 个，已读 18 个",
        "未到或未能读取：全国统筹系统下发",
        "比对：应做 24 项，已做 19 项",
        "未比对：人员信息三级比对、参保信息三级比对（企业职工养老）、逐月缴费三级比对（企业职工养老）、"
        "个人账户三级比对（企业职工养老）、待遇三级比对（企业职工养老）",
        "台账：无变化",
        "失败的任务：出报表；请在 Airflow 中查看日志",
    )
