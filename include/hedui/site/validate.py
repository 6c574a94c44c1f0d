"""Validates plain data against the site's models and turns pydantic's errors into places and sentences."""

from __future__ import annotations

import types
import typing
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from hedui.site.documents import Document, PathKey
from hedui.site.problems import Problems, choose

T = TypeVar("T")


def parse(shape: type[T] | Any, document: Document, path: PathKey, problems: Problems) -> T | None:
    """The part of ``document`` at ``path`` as ``shape``; None, and problems, where it does not fit.

    Args:
        shape: A model, or an annotation such as a union of models.
        document: The file.
        path: Where in the file; the empty path is the whole file.
        problems: Where mistakes go.
    """
    data = document.data
    for part in path:
        data = data[part]
    try:
        return TypeAdapter(shape).validate_python(data)  # type: ignore[no-any-return]
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=True):
            inner, what = _sentence(shape, data, detail)
            full = (*path, *inner)
            problems.add(document.file, document.line(full), full, what)
        return None


def _sentence(shape: Any, data: Any, error: ErrorDetails) -> tuple[PathKey, str]:
    """The error's path in the data, and what to tell."""
    path, model_keys = _walk(shape, data, error["loc"])
    kind, found = error["type"], Problems.show(error["input"])
    context = error.get("ctx", {})
    if kind == "missing":
        return path, "is missing"
    if kind == "extra_forbidden":
        return path, f"unknown key; {choose(path[-1], model_keys)}"
    if kind in ("literal_error", "union_tag_invalid"):
        expected = str(context.get("expected") or context.get("expected_tags"))
        allowed = [word.strip().strip("'") for word in expected.replace(" or ", ",").split(",")]
        if kind == "union_tag_invalid":
            path, found = (*path, "type"), Problems.show(context.get("tag"))
        value = error["input"] if kind == "literal_error" else context.get("tag")
        return path, f"{found} is not allowed; {choose(value, allowed)}"
    if kind == "union_tag_not_found":
        return (*path, "type"), "is missing"
    if kind == "string_type":
        return path, f"must be text, found {found}; put it in quotes"
    if kind == "string_pattern_mismatch":
        return path, f"{found} does not have the form {context.get('pattern')}"
    message = str(error["msg"])
    return path, f"{message[:1].lower()}{message[1:]}, found {found}"


def _walk(shape: Any, data: Any, loc: tuple[str | int, ...]) -> tuple[PathKey, list[str]]:
    """Follows pydantic's location through data and types.

    Returns:
        The path without the tags that pydantic adds for unions, and the keys that the last model allows.
    """
    path: list[str | int] = []
    for position, part in enumerate(loc):
        last = position == len(loc) - 1
        inside = (isinstance(data, dict) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data)
        )
        tag = not inside and not (last and isinstance(data, dict) and part in _keys(shape))
        if tag:
            shape = _member(shape, part)
            continue
        path.append(part)
        if last:
            break
        data = data[part] if inside else None
        shape = _inner(shape, part)
    return tuple(path), _keys(shape)


def _strip(shape: Any) -> Any:
    while typing.get_origin(shape) is typing.Annotated:
        shape = typing.get_args(shape)[0]
    return shape


def _members(shape: Any) -> list[Any]:
    shape = _strip(shape)
    if typing.get_origin(shape) in (typing.Union, types.UnionType):
        return [_strip(member) for member in typing.get_args(shape)]
    return [shape]


def _models(shape: Any) -> list[type[BaseModel]]:
    return [member for member in _members(shape) if isinstance(member, type) and issubclass(member, BaseModel)]


def _member(shape: Any, tag: str | int) -> Any:
    """The model of a union that ``tag`` names; the shape itself where there is none."""
    for model in _models(shape):
        field = model.model_fields.get("type")
        if model.__name__ == tag or (field is not None and tag in typing.get_args(field.annotation)):
            return model
    return shape


def _keys(shape: Any) -> list[str]:
    return [field.alias or name for model in _models(shape) for name, field in model.model_fields.items()]


def _inner(shape: Any, part: str | int) -> Any:
    """The type of what ``part`` leads to."""
    for model in _models(shape):
        for name, field in model.model_fields.items():
            if part == (field.alias or name):
                return field.annotation
    for member in _members(shape):
        arguments = typing.get_args(member)
        if typing.get_origin(member) is dict:
            return arguments[1]
        if typing.get_origin(member) is tuple:
            return arguments[0]
    return None
