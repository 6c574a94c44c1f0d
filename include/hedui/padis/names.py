"""What pages and workbooks of the upload call codes, regions and files."""

from __future__ import annotations

from hedui.padis.office import Office
from hedui.security.masking import mask_certificate, mask_key

ORDERS = (("1", "一孩"), ("2", "二孩"), ("3", "三孩及以上"))
"""Orders of birth as tables count them; later children count with the third."""
UNKNOWN = "未填"


def code_labels(office: Office, table: str) -> dict[str, str]:
    """Chinese names of canonical codes by code, from the site's code table of that name."""
    return {row.canonical: row.label for row in office.context.site.codes.get(table, ())}


def region_names(office: Office) -> dict[str, str]:
    """Names of the site's regions by code."""
    return {region.code: region.name for region in office.context.site.regions}


def masked_key(kind: str, business_key: str) -> str:
    """A record's number, masked as its kind wants it."""
    return (mask_certificate if kind == "birth" else mask_key)(business_key) or ""


def month_name(period: str) -> str:
    """``202605`` as people write it."""
    return f"{period[:4]}年{int(period[4:])}月"


def order_of(code: str) -> str:
    """The order of birth that a table counts a child under; empty where it is not known."""
    return "3" if code.isdecimal() and int(code) > 3 else code
