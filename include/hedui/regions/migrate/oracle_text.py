"""What the Oracle target needs of names and tables."""

from __future__ import annotations

from sqlalchemy.dialects import oracle

PROGRESS = "HEDUI_REGION_PROGRESS"
SLICE = 500  # rows of one executemany: short messages
LOBS = ("CLOB", "NCLOB", "BLOB", "BFILE", "LONG", "LONG RAW", "XMLTYPE")
PROGRESS_COLUMNS = (
    "RUN_NAME VARCHAR2(40), TARGET VARCHAR2(60), ACTION VARCHAR2(10), BATCH NUMBER(12), ROW_COUNT NUMBER(18), "
    f"CONSTRAINT {PROGRESS}_PK PRIMARY KEY (RUN_NAME, TARGET, ACTION, BATCH)"
)
MAP_COLUMNS = "OLD_CODE VARCHAR2(60), PLACE VARCHAR2(2000), NEW_CODE VARCHAR2(60), METHOD VARCHAR2(20), REASON VARCHAR2(1000)"
_PREPARER = oracle.dialect().identifier_preparer  # type: ignore[no-untyped-call]


def quote(name: str) -> str:
    """Lower case stands for Oracle's upper case, as in SQLAlchemy; other names are quoted as they are."""
    return str(_PREPARER.quote(name))


def plain(name: str) -> str:
    """A name as a site writes it."""
    return name.lower() if name.isupper() else name
