"""The site's files as plain data that remembers the line of every value, so that each mistake can name its place.

YAML is 1.2 with anchors and aliases; what YAML leaves open is refused: duplicate keys, keys that are not text, tags, recursion.
CSV files have a header that names the columns of one model; an empty cell means the model's default.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hedui.site.problems import Problems, choose

PathKey = tuple[str | int, ...]
MAX_VALUES = 200_000  # aliases may multiply: a few lines can stand for billions of values


@dataclass(frozen=True, kw_only=True)
class Document:
    """A file's content.

    Attributes:
        file: Path below the site's folder, as messages show it.
        data: Dicts with text keys, lists and scalars.
        lines: Line (from 1) by path; a mapping's entry is where its key is.
    """

    file: str
    data: Any
    lines: dict[PathKey, int]

    def line(self, path: PathKey) -> int:
        """Line of the value at ``path``, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_text(folder: Path, file: str, problems: Problems) -> str | None:
    """The file's text without byte order mark; None where it cannot be read (then there is a problem)."""
    try:
        return (folder / file).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        problems.add(file, 1, "", "the file is missing")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problems.add(file, line, "", f"byte 0x{error.object[error.start]:02x} is not UTF-8; save the file as UTF-8")
    except OSError as error:
        problems.add(file, 1, "", f"cannot be read: {error.strerror}")
    return None


def read_yaml(folder: Path, file: str, problems: Problems) -> Document | None:
    """A YAML file whose top level is a mapping; None where it is not (then there is a problem)."""
    text = read_text(folder, file, problems)
    if text is None:
        return None
    reader = _Reader(file=file, problems=problems)
    before = len(problems)
    try:
        node = reader.yaml.compose(text)
        data = reader.plain(node, ()) if node is not None else None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
        problems.add(file, mark.line + 1 if mark else 1, "", f"is not valid YAML: {reason}")
        return None
    except RecursionError:
        problems.add(file, 1, "", "is nested too deeply")
        return None
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, AssertionError, NotImplementedError) as error:
        # ruamel lets such errors of its scanner through on input that is not YAML at all
        problems.add(file, 1, "", f"is not valid YAML: {type(error).__name__}")
        return None
    if not isinstance(data, dict):
        if len(problems) == before:
            problems.add(file, 1, "", f"must be a mapping (key: value), found {problems.show(data)}")
        return None
    return Document(file=file, data=data, lines=reader.lines)


class _Reader:
    """Turns YAML nodes into plain data and notes their lines."""

    def __init__(self, *, file: str, problems: Problems) -> None:
        self.yaml = YAML(typ="safe", pure=True)
        self.yaml.allow_duplicate_keys = True  # told apart here, so that all of them are reported
        self.lines: dict[PathKey, int] = {}
        self._file = file
        self._problems = problems
        self._open: list[Node] = []

    def plain(self, node: Node, path: PathKey) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(self.lines) > MAX_VALUES:
            raise YAMLError(f"more than {MAX_VALUES} values; are aliases nested?")
        if any(node is outer for outer in self._open):
            self._problem(node, path, "contains itself through an alias")
            return None
        self._open.append(node)
        try:
            if isinstance(node, MappingNode):
                return self._mapping(node, path)
            if isinstance(node, SequenceNode):
                return [self._item(item, (*path, index)) for index, item in enumerate(node.value)]
            return self._scalar(node, path)
        finally:
            self._open.pop()

    def _mapping(self, node: MappingNode, path: PathKey) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node, path) if isinstance(key_node, ScalarNode) else None
            if not isinstance(key, str):
                self._problem(key_node, path, f"the key {self._problems.show(key)} must be text; put it in quotes")
                continue
            if key in result:
                self._problem(key_node, (*path, key), f"is there twice, first in line {self.lines[(*path, key)]}; keep one")
                continue
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            result[key] = self.plain(value_node, (*path, key))
        return result

    def _item(self, node: Node, path: PathKey) -> Any:
        self.lines[path] = node.start_mark.line + 1
        return self.plain(node, path)

    def _scalar(self, node: Node, path: PathKey) -> Any:
        if not str(node.tag).startswith("tag:yaml.org,2002:") or isinstance(node.value, list):
            self._problem(node, path, f"has the tag {node.tag}; tags are not allowed")
            return None
        try:
            return self.yaml.constructor.construct_object(node, deep=True)
        except (ValueError, YAMLError, TypeError, KeyError, AttributeError):
            self._problem(node, path, f"{self._problems.show(node.value)} is not a value of its YAML type; put text in quotes")
            return None

    def _problem(self, node: Node, path: PathKey, what: str) -> None:
        self._problems.add(self._file, node.start_mark.line + 1, path, what)


def read_csv(folder: Path, file: str, columns: list[str], problems: Problems) -> Document | None:
    """A CSV file as a list of dicts, empty cells left out; None where the whole file cannot be used.

    Args:
        folder: The site's folder.
        file: Path below it.
        columns: The column names that the file may have.
        problems: Where mistakes go.
    """
    text = read_text(folder, file, problems)
    if text is None:
        return None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[dict[str, str]] = []
    lines: dict[PathKey, int] = {}
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            if not header:
                header = [cell.strip() for cell in cells]
                _check_header(file, header, columns, problems)
            elif len(cells) != len(header) and cells:
                problems.add(file, line, "", f"has {len(cells)} cells, the header has {len(header)}")
            elif cells:
                for column in header:
                    lines[(len(rows), column)] = line
                lines[(len(rows),)] = line
                rows.append({column: cell.strip() for column, cell in zip(header, cells, strict=True) if cell.strip()})
            line = reader.line_num + 1
    except csv.Error as error:
        problems.add(file, line, "", f"is not valid CSV: {error}")
        return None
    if not header:
        problems.add(file, 1, "", f"is empty; its header must name {', '.join(columns)}")
        return None
    return Document(file=file, data=rows, lines=lines)


def _check_header(file: str, header: list[str], columns: list[str], problems: Problems) -> None:
    for name in header:
        if name not in columns:
            problems.add(file, 1, "", f'unknown column "{problems.cut(name)}"; {choose(name, columns)}')
        if header.count(name) > 1:
            problems.add(file, 1, "", f'column "{problems.cut(name)}" is there twice')
