"""The statements as scripts that people run: in SQL*Plus (disql, obclient) or psql. Every count is asserted, else all is rolled back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hedui.corrections.model import Dialect
from hedui.corrections.sql.dialects import Speech
from hedui.corrections.sql.statement import Count, Lock, Statement, Step, Write
from hedui.corrections.sql.statements import StatementSet

ORACLE_SETTINGS: Final = """SET DEFINE OFF
SET SQLBLANKLINES ON
SET SERVEROUTPUT ON
WHENEVER OSERROR EXIT FAILURE ROLLBACK
WHENEVER SQLERROR EXIT FAILURE ROLLBACK
"""
POSTGRESQL_SETTINGS: Final = "\\set ON_ERROR_STOP on\n"
CLIENTS: Final[dict[Dialect, str]] = {
    Dialect.ORACLE: "sqlplus 用户@库 @{file}（环境变量 NLS_LANG=.AL32UTF8）",
    Dialect.DM: "disql 用户@库 `{file}（兼容模式 COMPATIBLE_MODE=2，CHAR_CODE UTF8）",
    Dialect.OCEANBASE: 'obclient … -e "source {file}" 或 ODC 的 SQL 窗口（Oracle 租户）',
    Dialect.POSTGRESQL: "psql -d 库 -f {file}",
}
FIRST_ERROR: Final = 20_001


@dataclass(frozen=True, kw_only=True)
class Heading:
    """What stands above every script.

    Attributes:
        bundle: The bundle's id.
        lines: Further lines, in Chinese.
    """

    bundle: str
    lines: tuple[str, ...] = ()

    def text(self, dialect: Dialect, file: str, title: str) -> str:
        """The comment lines; nothing in them can end the comment."""
        lines = (f"{file}  {title}", f"处理方案 {self.bundle}", *self.lines, f"执行方法：{CLIENTS[dialect].format(file=file)}")
        return "".join(f"-- {' '.join(line.split())}\n" for line in lines)


@dataclass(frozen=True, kw_only=True)
class Scripts:
    """The scripts of one bundle.

    Attributes:
        statements: Its statements.
        heading: What stands above them.
    """

    statements: StatementSet
    heading: Heading

    @property
    def speech(self) -> Speech:
        """The dialect's spelling."""
        return self.statements.speech

    def _frame(self, file: str, title: str, *parts: str) -> str:
        settings = POSTGRESQL_SETTINGS if self.speech.family == "postgresql" else ORACLE_SETTINGS
        return "\n".join((self.heading.text(self.statements.dialect, file, title) + settings, *parts))

    def create_stage(self, file: str) -> str:
        """Makes the stage tables: before the data are loaded."""
        definitions = [d for texts in self.statements.texts() for d in self.statements.stage_definitions(texts)]
        return self._frame(file, "建立暂存表（装入数据文件之前执行一次）", plain(definitions))

    def create_tables(self, file: str) -> str:
        """Makes the stage and backup tables: before the program is run."""
        return self._frame(file, "建立工作表（运行修改程序之前执行一次）", plain(self.statements.step(Step.PREPARE)))

    def load_head(self, file: str) -> str:
        """What stands before the INSERTs that fill the stage tables."""
        empty = "".join(f"DELETE FROM {texts.stage};\n" for texts in self.statements.texts())
        begin = "BEGIN;\n" if self.speech.family == "postgresql" else ""
        return self._frame(file, "装入修改数据（INSERT 方式；也可用 CSV）", begin + empty)

    def load_foot(self) -> str:
        """What stands behind them: the rows are counted before they are committed."""
        counts = [self.statements.staged(texts) for texts in self.statements.texts()]
        return f"{self.block(counts)}COMMIT;\n"

    def load_copy(self, file: str) -> str:
        """Fills PostgreSQL's stage tables from the CSV files beside the script."""
        lines = []
        for texts in self.statements.texts():
            load = self.statements.load(texts)
            columns, name = ", ".join(load.columns), f"{texts.work('S')}.csv"
            options = "(FORMAT csv, HEADER true, ENCODING 'UTF8')"
            lines.append(f"DELETE FROM {texts.stage};\n\\copy {texts.stage} ({columns}) FROM '{name}' WITH {options}\n")
        return self._frame(file, "装入修改数据（CSV 方式，在 04_data 目录下执行）", "BEGIN;\n" + "".join(lines) + self.load_foot())

    def precheck(self, file: str) -> str:
        """Reads only."""
        checks = [s for s in self.statements.step(Step.PRECHECK) if isinstance(s, Count)]
        return self._frame(file, "执行前检查（只读，任一项不符即报错停止）", self.block(checks))

    def backup(self, file: str) -> str:
        """Makes the backup tables, then fills them with rows that still are as planned: after the change the first backup stays."""
        definitions = [self.statements.backup_definition(texts) for texts in self.statements.texts()]
        body = self.transaction([*self.statements.step(Step.PRECHECK), *self.statements.step(Step.BACKUP)])
        title = "备份待修改的行（建表语句在修改事务之外；现值与原值不符即停止，已有备份不动）"
        return self._frame(file, title, plain(definitions), body)

    def apply(self, file: str) -> str:
        """Locks, changes and checks in one transaction."""
        locks = [s for s in self.statements.step(Step.PRECHECK) if isinstance(s, Lock)]
        steps = [*locks, *self.statements.step(Step.APPLY), *self.statements.step(Step.POSTCHECK)]
        return self._frame(file, "修改（一个事务，行数不符即全部撤销）", self.transaction(steps))

    def postcheck(self, file: str) -> str:
        """Reads only."""
        return self._frame(file, "执行后检查（只读）", self.block(self.statements.step(Step.POSTCHECK)))

    def rollback(self, file: str) -> str:
        """Brings the backed-up values back in one transaction."""
        return self._frame(file, "回退（一个事务，恢复到修改前）", self.transaction(self.statements.step(Step.ROLLBACK)))

    def cleanup(self, file: str) -> str:
        """Drops the work tables, when the bundle is closed."""
        backups = [self.statements.removal(texts, "B", "删除备份表") for texts in self.statements.texts()]
        return self._frame(file, "方案关闭且备份保留期满后清理工作表", plain([*self.statements.step(Step.CLEAN), *backups]))

    def transaction(self, statements: Sequence[Statement]) -> str:
        """A block and its COMMIT; what fails in the block undoes all of it."""
        if self.speech.family == "postgresql":
            return f"BEGIN;\nSET LOCAL lock_timeout = '10s';\n{self.block(statements)}COMMIT;\n"
        return f"{self.block(statements)}COMMIT;\n"

    def block(self, statements: Sequence[Statement]) -> str:
        """An anonymous block that runs the statements and asserts their counts."""
        return self.program_block(body(self.speech, statements), locks=[s for s in statements if isinstance(s, Lock)])

    def program_block(self, text: str, *, locks: Sequence[Lock], declarations: str = "") -> str:
        """An anonymous block around a body."""
        if self.speech.family == "postgresql":
            tag = "$hedui$"
            while tag in text:
                tag = f"${tag.strip('$')}_$"
            return f"DO {tag}\nDECLARE\n{declarations}  v_found bigint;\nBEGIN\n{text}END\n{tag};\n"
        cursors = "".join(f"  CURSOR {cursor_name(lock, locks)} IS\n{indented(lock.sql, 4)} NOWAIT;\n" for lock in locks)
        return f"DECLARE\n{cursors}{declarations}  V_FOUND NUMBER;\nBEGIN\n{text}END;\n/\n"


def cursor_name(lock: Lock, locks: Iterable[Lock]) -> str:
    """A cursor's name by the lock's place."""
    return f"C_LOCK_{list(locks).index(lock) + 1}"


def body(speech: Speech, statements: Sequence[Statement], *, indent: int = 2, locks: Sequence[Lock] | None = None) -> str:
    """Statements with their assertions, as a block holds them."""
    held = [s for s in statements if isinstance(s, Lock)] if locks is None else locks
    postgresql = speech.family == "postgresql"
    parts = []
    for number, statement in enumerate(statements, start=1):
        lines = [f"-- {number}. {' '.join(statement.label.split())}"]
        if isinstance(statement, Lock):
            lines += [_perform(statement.sql)] if postgresql else [_opened(cursor_name(statement, held))]
        elif isinstance(statement, Count):
            found = "v_found" if postgresql else "V_FOUND"
            lines.append(statement.sql.replace("SELECT COUNT(*)", f"SELECT COUNT(*) INTO {found}", 1) + ";")
            lines.append(_assertion(speech, statement, number, statement.expect))
        elif isinstance(statement, Write):
            lines.append(statement.sql + ";")
            if statement.expect is not None:
                lines.append("GET DIAGNOSTICS v_found = ROW_COUNT;" if postgresql else "V_FOUND := SQL%ROWCOUNT;")
                lines.append(_assertion(speech, statement, number, statement.expect))
        parts.append(indented("\n".join(lines), indent) + "\n")
    return "".join(parts)


def _opened(cursor: str) -> str:
    """Opening the cursor locks all of its rows."""
    return f"OPEN {cursor};\nCLOSE {cursor};"


def _perform(sql: str) -> str:
    return sql.replace("SELECT 1", "PERFORM 1", 1) + ";"


def _assertion(speech: Speech, statement: Statement, number: int, expect: int) -> str:
    label = speech.literal(f"第 {number} 项 {statement.label}：应为 {expect}，实为 ")
    if speech.family == "postgresql":
        message = speech.literal("，全部撤销")
        return f"IF v_found <> {expect} THEN\n  RAISE EXCEPTION '%', {label} || v_found || {message};\nEND IF;"
    code = -(FIRST_ERROR + min(number, 900))
    return f"IF V_FOUND <> {expect} THEN\n  RAISE_APPLICATION_ERROR({code}, {label} || V_FOUND || '，全部撤销');\nEND IF;"


def plain(statements: Iterable[Statement]) -> str:
    """Statements one after the other."""
    return "\n".join(f"-- {' '.join(statement.label.split())}\n{statement.sql};\n" for statement in statements)


def indented(text: str, spaces: int) -> str:
    """The text moved to the right; literals hold no line breaks in Oracle's scripts, and none at all stand in statements."""
    return "\n".join(f"{' ' * spaces}{line}" if line else "" for line in text.split("\n"))
