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
KEYS_OUT = """
SELECT C.CONSTRAINT_NAME, F.TABLE_NAME, F.COLUMN_NAME
FROM ALL_CONSTRAINTS C
JOIN ALL_CONS_COLUMNS K ON K.OWNER = C.OWNER AND K.CONSTRAINT_NAME = C.CONSTRAINT_NAME
JOIN ALL_CONS_COLUMNS F ON F.OWNER = C.R_OWNER AND F.CONSTRAINT_NAME = C.R_CONSTRAINT_NAME AND F.POSITION = K.POSITION
WHERE C.CONSTRAINT_TYPE = 'R' AND C.STATUS = 'ENABLED' AND C.OWNER = {owner} AND C.TABLE_NAME = :table_name AND K.COLUMN_NAME = :column_name
"""
KEYS_IN = """
SELECT C.CONSTRAINT_NAME, C.TABLE_NAME
FROM ALL_CONSTRAINTS C
JOIN ALL_CONS_COLUMNS K ON K.OWNER = C.R_OWNER AND K.CONSTRAINT_NAME = C.R_CONSTRAINT_NAME
WHERE C.CONSTRAINT_TYPE = 'R' AND C.STATUS = 'ENABLED' AND K.OWNER = {owner} AND K.TABLE_NAME = :table_name AND K.COLUMN_NAME = :column_name
"""
TRIGGERS = """
SELECT TRIGGER_NAME FROM ALL_TRIGGERS
WHERE TABLE_OWNER = {owner} AND TABLE_NAME = :table_name AND STATUS = 'ENABLED' AND TRIGGERING_EVENT LIKE '%UPDATE%'
"""
_PREPARER = oracle.dialect().identifier_preparer  # type: ignore[no-untyped-call]


def quote(name: str) -> str:
    """Lower case stands for Oracle's upper case, as in SQLAlchemy; other names are quoted as they are."""
    return str(_PREPARER.quote(name))


def plain(name: str) -> str:
    """A name as a site writes it."""
    return name.lower() if name.isupper() else name


def stored(name: str) -> str:
    """A name as Oracle's catalogue has it."""
    return name.upper() if name.islower() else name
