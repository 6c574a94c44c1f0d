"""What loads the data files: SQL*Loader control files, external tables and Data Pump, with which Oracle itself writes the .dmp file.

A dump file can be written by Oracle's server only; nothing here makes or pretends to make one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hedui.corrections.model import Column, Dialect
from hedui.corrections.sql.dialects import ORACLE_TEXT, Speech, speech
from hedui.corrections.sql.shape import BATCH, Shape
from hedui.engine import environment

CSV_CLAUSE: Final = "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"'"


@dataclass(frozen=True, kw_only=True)
class Loading:
    """The loading of one stage table.

    Attributes:
        shape: The table's shape.
        bundle: The bundle's id.
        end: The CSV file's end of record.
        dialect: Oracle's or a relative's.
    """

    shape: Shape
    bundle: str
    end: str
    dialect: Dialect

    @property
    def speech(self) -> Speech:
        """The dialect's spelling."""
        return speech(self.dialect)

    @property
    def stage(self) -> str:
        """The stage table's name as the catalogue spells it; its files are called by it."""
        return self.speech.work(self.shape.work_name("S", self.bundle))

    def _render(self, name: str) -> str:
        columns = self.shape.stage_columns()
        context = {
            **{"stage": self.stage, "bundle": self.bundle, "directory": "HEDUI_DIR", "csv": f"{self.stage}.csv", "dump": self.dump},
            **{"end": self.end.encode().hex().upper(), "newline": self.end == "\n", "batch": self.speech.literal(self.bundle)},
            **{"batch_column": self.speech.staged(BATCH), "names": [self.speech.staged(column.name) for column in columns]},
            "fields": [(self.speech.staged(column.name), _loader(column)) for column in columns],
            "places": [(self.speech.staged(column.name), _place(column)) for column in columns],
            "types": [(self.speech.staged(column.name), self.speech.type(column, key=_is_key(column))) for column in columns],
            "external": self.shape.work_name("X", self.bundle).upper(),
            "attached": self.shape.work_name("A", self.bundle).upper(),
            "unloaded": self.shape.work_name("D", self.bundle).upper(),
            "clause": CSV_CLAUSE,
        }
        return environment().get_template(f"corrections/loading/{name}.jinja").render(**context)

    @property
    def dump(self) -> str:
        """Name of the dump file that Oracle will write."""
        return f"{self.stage}.dmp"

    def control(self) -> str:
        """SQL*Loader's control file."""
        return self._render("control.ctl")

    def external(self) -> str:
        """The CSV file as an external table, and the unload by which Oracle writes a .dmp for another external table."""
        return self._render("external_table.sql")

    def export_parameters(self) -> str:
        """Parameter file of expdp."""
        return self._render("expdp.par")

    def import_parameters(self) -> str:
        """Parameter file of impdp."""
        return self._render("impdp.par")

    def datapump(self) -> str:
        """The export through DBMS_DATAPUMP, where the server's shell is out of reach."""
        return self._render("datapump.sql")


def _is_key(column: Column) -> bool:
    return column.name.startswith("K_")


def _length(column: Column) -> int:
    return min(column.length or ORACLE_TEXT, ORACLE_TEXT)


def _loader(column: Column) -> str:
    """How SQL*Loader reads a field; its default of 255 characters is too short for texts."""
    mask = '"YYYY-MM-DD HH24:MI:SS"'
    return {
        "text": f"CHAR({_length(column)})",
        "integer": "INTEGER EXTERNAL NULLIF {name}=BLANKS",
        "decimal": "DECIMAL EXTERNAL NULLIF {name}=BLANKS",
        "date": f"DATE {mask} NULLIF {{name}}=BLANKS",
        "timestamp": 'TIMESTAMP "YYYY-MM-DD HH24:MI:SS.FF6" NULLIF {name}=BLANKS',
    }[column.kind]


def _place(column: Column) -> str:
    """How an external table reads a field."""
    return {
        "text": f"CHAR({_length(column)})",
        "integer": "CHAR(40)",
        "decimal": "CHAR(45)",
        "date": 'CHAR(19) DATE_FORMAT DATE MASK "YYYY-MM-DD HH24:MI:SS"',
        "timestamp": 'CHAR(26) DATE_FORMAT TIMESTAMP MASK "YYYY-MM-DD HH24:MI:SS.FF6"',
    }[column.kind]
