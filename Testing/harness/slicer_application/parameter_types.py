"""How values of `slicer.parameterNodeWrapper` classes are kept in a parameter node, named and written as in the application."""

from __future__ import annotations

import enum
import pathlib
import typing
from dataclasses import dataclass
from typing import Any

import slicer


@dataclass(frozen=True)
class Default:
    """Annotation: the value that a parameter has at first."""

    value: Any


@dataclass(frozen=True)
class WithinRange:
    """Annotation: a number between two others, or one of them."""

    minimum: float
    maximum: float

    def validate(self, value: Any) -> None:
        """Raise ValueError for a value outside."""
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value} is not from {self.minimum} to {self.maximum}")


@dataclass(frozen=True)
class Minimum:
    """Annotation: a number that is not less."""

    minimum: float

    def validate(self, value: Any) -> None:
        """Raise ValueError for a value below."""
        if value < self.minimum:
            raise ValueError(f"{value} is less than {self.minimum}")


@dataclass(frozen=True)
class Maximum:
    """Annotation: a number that is not greater."""

    maximum: float

    def validate(self, value: Any) -> None:
        """Raise ValueError for a value above."""
        if value > self.maximum:
            raise ValueError(f"{value} is greater than {self.maximum}")


@dataclass(frozen=True)
class Choice:
    """Annotation: one of some values."""

    choices: tuple[Any, ...] | list[Any]

    def validate(self, value: Any) -> None:
        """Raise ValueError for any other value."""
        if value not in self.choices:
            raise ValueError(f"{value} is not one of {self.choices}")


def split_annotation(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """The type itself and what it is annotated with."""
    if typing.get_origin(kind) is typing.Annotated:
        inner, *annotations = typing.get_args(kind)
        return inner, tuple(annotations)
    return kind, ()


class Parameter:
    """One member of a wrapper class.

    Parameters
    ----------
    name : str
        Of the member, and in the parameter node.
    annotated : type
        int, float, str, bool, an Enum, pathlib.Path, a class of nodes or a list of one of these, possibly annotated.
    given : Any
        The default written with `=` in the class, or `...`.

    Raises
    ------
    TypeError
        For any other type.
    """

    def __init__(self, name: str, annotated: Any, given: Any = ...) -> None:
        self.name = name
        self.annotated = annotated
        self.kind, annotations = split_annotation(annotated)
        self.checks = [annotation for annotation in annotations if hasattr(annotation, "validate")]
        defaults = [annotation.value for annotation in annotations if isinstance(annotation, Default)]
        unknown = [value for value in annotations if value not in self.checks and not isinstance(value, Default)]
        if unknown:
            raise TypeError(f"{name} is annotated with {unknown}, which mean nothing here")
        self._element = Parameter(f"{name}[]", typing.get_args(self.kind)[0]) if typing.get_origin(self.kind) is list else None
        self.default = given if given is not ... else defaults[0] if defaults else self._first_value()

    def is_node(self) -> bool:
        """Whether the values are nodes."""
        return isinstance(self.kind, type) and issubclass(self.kind, slicer.vtkMRMLNode)

    def is_in(self, node: Any) -> bool:
        """Whether the parameter node has a value."""
        return bool(node.HasParameter(self.name if self._element is None else f"{self.name}_len"))

    def write(self, node: Any, value: Any) -> None:
        """Keep a value.

        Raises
        ------
        TypeError, ValueError
            If it is none that the parameter can have; the old one is kept.
        """
        self._check(value)
        if self._element is not None:
            with slicer.util.NodeModify(node):
                for index, element in enumerate(value):
                    node.SetParameter(f"{self.name}_{index}", self._element._text(element))
                node.SetParameter(f"{self.name}_len", str(len(value)))
        elif self.is_node():
            node.SetParameter(self.name, "")  # None is a value too: this says that there is one
            node.SetNodeReferenceID(self.name, value.GetID() if value is not None else None)
        else:
            node.SetParameter(self.name, self._text(value))

    def read(self, node: Any) -> Any:
        """The value; the default, which is then kept, if there is none."""
        if not self.is_in(node):
            self.write(node, self.default)
        if self._element is not None:
            count = int(node.GetParameter(f"{self.name}_len"))
            return [self._element._value(node.GetParameter(f"{self.name}_{index}")) for index in range(count)]
        if self.is_node():
            return node.GetNodeReference(self.name)
        return self._value(node.GetParameter(self.name))

    def _first_value(self) -> Any:
        if self._element is not None:
            return []
        if self.is_node():
            return None
        if isinstance(self.kind, type) and issubclass(self.kind, enum.Enum):
            return next(iter(self.kind))
        if self.kind in (int, float, str, bool) or (isinstance(self.kind, type) and issubclass(self.kind, pathlib.PurePath)):
            return self.kind()
        raise TypeError(f"{self.name} is of the type {self.kind}, which a parameter node cannot keep here")

    def _check(self, value: Any) -> None:
        allowed = (int, float) if self.kind is float else list if self._element is not None else self.kind
        if value is None and self.is_node():
            return
        if not isinstance(value, allowed):
            raise TypeError(f"{self.name} must be of the type {allowed}, not {value!r}")
        for element in value if self._element is not None else ():
            self._element._check(element)
        for check in self.checks:
            check.validate(value)

    def _text(self, value: Any) -> str:
        return value.name if isinstance(value, enum.Enum) else str(value)

    def _value(self, text: str) -> Any:
        if self.kind is bool:
            return text == "True"
        return self.kind[text] if isinstance(self.kind, type) and issubclass(self.kind, enum.Enum) else self.kind(text)
