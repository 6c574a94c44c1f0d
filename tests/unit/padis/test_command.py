from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from hedui.commands.padis import padis_app

SITES = Path(__file__).resolve().parents[2] / "sites" / "padis"


def test_check_says_that_a_profile_is_no_official_format() -> None:
    done = CliRunner().invoke(padis_app, ["check", "--site", str(SITES / "reference")])
    assert done.exit_code == 0
    assert "不是国家或对方正式发布的格式" in done.output
    assert "birth：40 个字段，delimited，http" in done.output
