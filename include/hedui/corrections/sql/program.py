"""修改程序: one parameterised program that checks, backs up, changes and checks again, or rolls back, in one transaction."""

from __future__ import annotations

from typing import Final

from hedui.corrections.model import Dialect
from hedui.corrections.sql.scripts import ORACLE_SETTINGS, POSTGRESQL_SETTINGS, Scripts, body, indented, plain
from hedui.corrections.sql.statement import Count, Lock, Step

ACTIONS: Final = ("CHECK", "APPLY", "ROLLBACK")


def program(scripts: Scripts, file: str) -> str:
    """The program's text. Parameters: the batch id, which must be the bundle's, and what to do (CHECK, APPLY, ROLLBACK).

    The stage tables must be loaded. CHECK reads only, APPLY fills the backup tables in the same transaction; both tables are made by
    the definitions above the block, which is never run among the changes.
    """
    heading = scripts.heading.text(
        scripts.statements.dialect, file, "修改程序（参数：批次号，动作 CHECK 检查 / APPLY 执行 / ROLLBACK 回退）"
    )
    if scripts.speech.family == "postgresql":
        usage = "-- 参数用 psql 的 -v 给出：psql -v batch=批次号 -v action=APPLY -f 本文件\n"
        given = (
            "SELECT set_config('hedui.batch', :'batch', false), set_config('hedui.action', :'action', false);\n"
            "BEGIN;\nSET LOCAL lock_timeout = '10s';\n"
        )
        return heading + usage + POSTGRESQL_SETTINGS + given + block(scripts) + "COMMIT;\n"
    return heading + _oracle_parameters(scripts.statements.dialect) + block(scripts) + "COMMIT;\n"


def _oracle_parameters(dialect: Dialect) -> str:
    if dialect is not Dialect.ORACLE:
        return f"-- 参数 :P_BATCH（批次号）和 :P_ACTION 由客户端在执行时绑定\n{ORACLE_SETTINGS}"
    return (
        "-- 参数在命令行给出：sqlplus 用户@库 @本文件 批次号 动作\n"
        "SET VERIFY OFF\nVARIABLE P_BATCH VARCHAR2(60)\nVARIABLE P_ACTION VARCHAR2(10)\n"
        "EXEC :P_BATCH := '&1'\nEXEC :P_ACTION := '&2'\n" + ORACLE_SETTINGS
    )


def definitions(scripts: Scripts) -> str:
    """Makes the backup tables that the program fills."""
    return plain([scripts.statements.backup_definition(texts) for texts in scripts.statements.texts()])


def block(scripts: Scripts) -> str:
    """The program's anonymous block."""
    steps, speech = scripts.statements, scripts.speech
    before, back = steps.step(Step.PRECHECK), steps.step(Step.ROLLBACK)
    locks = [s for s in (*before, *back) if isinstance(s, Lock)]
    counts = [s for s in before if isinstance(s, Count)]
    held = [s for s in before if isinstance(s, Lock)]
    change = [*held, *steps.step(Step.BACKUP), *steps.step(Step.APPLY), *steps.step(Step.POSTCHECK)]
    postgresql = speech.family == "postgresql"
    action, batch = ("v_action", "v_batch") if postgresql else ("V_ACTION", "V_BATCH")
    own = speech.literal(steps.bundle)
    parts = (
        "" if postgresql else "  V_BATCH := :P_BATCH;\n  V_ACTION := :P_ACTION;\n",
        f"  IF {batch} IS NULL OR {batch} <> {own} THEN\n{_stop(scripts, '批次号与本程序不符，未做任何修改')}  END IF;\n",
        f"  IF {action} IS NULL OR {action} NOT IN ('CHECK', 'APPLY', 'ROLLBACK') THEN\n"
        f"{_stop(scripts, '动作应为 CHECK、APPLY 或 ROLLBACK，未做任何修改')}  END IF;\n",
        f"  IF {action} IN ('CHECK', 'APPLY') THEN\n{body(speech, counts, indent=4)}  END IF;\n",
        f"  IF {action} = 'APPLY' THEN\n{body(speech, change, indent=4, locks=locks)}  END IF;\n",
        f"  IF {action} = 'ROLLBACK' THEN\n{body(speech, back, indent=4, locks=locks)}  END IF;\n",
        _done(scripts, action),
    )
    return scripts.program_block("".join(parts), locks=locks, declarations=_declarations(postgresql))


def _declarations(postgresql: bool) -> str:
    if postgresql:
        return "  v_batch text := current_setting('hedui.batch');\n  v_action text := current_setting('hedui.action');\n"
    return "  V_BATCH VARCHAR2(60);\n  V_ACTION VARCHAR2(10);\n"


def _stop(scripts: Scripts, message: str) -> str:
    text = scripts.speech.literal(message)
    if scripts.speech.family == "postgresql":
        return indented(f"RAISE EXCEPTION '%', {text};", 4) + "\n"
    return indented(f"RAISE_APPLICATION_ERROR(-20001, {text});", 4) + "\n"


def _done(scripts: Scripts, action: str) -> str:
    text = scripts.speech.literal("完成，全部检查通过：")
    if scripts.speech.family == "postgresql":
        return f"  RAISE NOTICE '%', {text} || {action};\n"
    return f"  DBMS_OUTPUT.PUT_LINE({text} || {action});\n"
