"""The module `qt` as scripted modules see it: PySide6 with the manners of PythonQt.

Of these manners: all names in one module; properties are attributes (`box.checked = True`); `connect` takes a signal by its
signature; `objectName` is also `name`; file dialogs return a path alone; what does not exist cannot be read, set or connected.
PySide6's classes are changed in place, so that objects which Qt itself makes behave so too.
"""

from __future__ import annotations

import sys
import types
import warnings
from collections.abc import Callable
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from harness.slicer_application import dialogs

# Getters that Qt may find overridden in Python: an attribute in their place would be called by Qt itself, for ever.
VIRTUAL_GETTERS = {"sizeHint", "minimumSizeHint", "duration"}
# Static functions of PySide6 whose results differ from those of PythonQt, or that wait for a person.
REPLACED = {"QFileDialog": dialogs.FileDialog, "QMessageBox": dialogs.MessageBox}
ABSENT = {"QInputDialog", "QColorDialog", "QFontDialog", "QtInfoMsg"}
_OWN_PACKAGES = ("PySide6.", "harness.slicer_application.")


class _Attribute:
    """A Qt property as an attribute; on the class it is still the getter, for calls as `QLineEdit.text(widget)`."""

    def __init__(self, name: str, getter: Any) -> None:
        self._name = name
        self._getter = getter

    def __get__(self, owner: Any, owner_class: type | None = None) -> Any:
        if owner is None:
            return self._getter
        return QtCore.QObject.property(owner, self._name)

    def __set__(self, owner: Any, value: Any) -> None:
        if not QtCore.QObject.setProperty(owner, self._name, value):
            raise AttributeError(f"property {self._name!r} of {type(owner).__name__} cannot be {value!r}")


def install() -> types.ModuleType:
    """Change PySide6's classes and return the module `qt`, registered as such."""
    if "qt" in sys.modules:
        return sys.modules["qt"]
    qt = types.ModuleType("qt")
    for module in (QtCore, QtGui, QtWidgets):
        for name in dir(module):
            if name.startswith("Q") and name not in ABSENT:
                value = getattr(module, name)
                setattr(qt, name, REPLACED.get(name, value))
                if isinstance(value, type) and issubclass(value, QtCore.QObject):
                    adapt(value)
    QtCore.QObject.name = _Attribute("objectName", None)
    QtCore.QObject.className = class_name
    QtCore.QObject.findChildren = find_children
    QtCore.QObject.findChild = lambda self, *arguments: next(iter(find_children(self, *arguments)), None)
    QtCore.QObject.delete = lambda self: self.deleteLater()
    qt.Signal, qt.Slot, qt.Property = QtCore.Signal, QtCore.Slot, QtCore.Property
    sys.modules["qt"] = qt
    return qt


def adapt(cls: type) -> None:
    """Let the properties of one class be attributes, and let nothing be set that it does not have."""
    meta = cls.__dict__.get("staticMetaObject")
    if meta is None:
        return
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        name = meta.property(index).name()
        # Properties written in Python are attributes already.
        if name not in VIRTUAL_GETTERS and not isinstance(cls.__dict__.get(name), _Attribute | QtCore.Property):
            setattr(cls, name, _Attribute(name, getattr(cls, name, None)))
    get_attribute = cls.__getattribute__  # each class has its own, for functions that are static and not

    def get_or_connect(self: Any, name: str) -> Any:
        method = _METHODS.get(name)
        return get_attribute(self, name) if method is None else types.MethodType(method, self)

    cls.__getattribute__ = get_or_connect  # type: ignore[method-assign, assignment]
    if cls is QtCore.QObject:
        return  # the function below ends there

    def set_known(self: Any, name: str, value: Any) -> None:
        kind = type(self)
        kept_signal = isinstance(value, QtCore.SignalInstance)  # PySide6 keeps those of objects that Qt has made
        if kind.__module__.startswith(_OWN_PACKAGES) and not kept_signal and not _can_be_set(kind, name):
            raise AttributeError(f"{class_name(self)} has no property {name!r}")
        QtCore.QObject.__setattr__(self, name, value)

    cls.__setattr__ = set_known  # type: ignore[method-assign, assignment]


def _can_be_set(kind: type, name: str) -> bool:
    """Whether an attribute is a property, or private to a double in this package."""
    if name.startswith("_"):
        return not kind.__module__.startswith("PySide6.")
    found = next((base.__dict__[name] for base in kind.__mro__ if name in base.__dict__), None)
    return isinstance(found, _Attribute | QtCore.Property) or hasattr(found, "__set__")


def class_name(self: Any) -> str:
    """Name of the C++ class, as PythonQt gives it."""
    return str(self.metaObject().className())


def signal_of(sender: Any, signature: str) -> Any:
    """A signal by its signature, such as "clicked(bool)".

    Raises
    ------
    AttributeError
        If the sender has no such signal.
    """
    wanted = signature.replace(" ", "")
    known = _signals(sender)
    if wanted not in known:
        raise AttributeError(f"{class_name(sender)} has no signal {signature!r}; it has {', '.join(sorted(known))}")
    name, arguments = known[wanted]
    signal = _get(sender, name)
    try:
        return signal[arguments]
    except (KeyError, IndexError, TypeError):
        return signal  # it has one form only, or one with default arguments


def _signals(sender: Any) -> dict[str, tuple[str, Any]]:
    """Signature in C++ -> name of the signal and its types of arguments.

    Doubles say in `SIGNATURES` what the signatures of their signals are in C++, where PySide6 has no such types.
    """
    meta = sender.metaObject()
    declared: dict[str, str] = {}
    for kind in reversed(type(sender).__mro__):
        declared.update(kind.__dict__.get("SIGNATURES", {}))
    found: dict[str, tuple[str, Any]] = {signature: (name, ()) for signature, name in declared.items()}
    for index in range(meta.methodCount()):
        method = meta.method(index)
        name = bytes(method.name().data()).decode()
        if method.methodType() == QtCore.QMetaMethod.MethodType.Signal and name not in declared.values():
            arguments = tuple(bytes(kind.data()).decode() for kind in method.parameterTypes())
            signature = bytes(method.methodSignature().data()).decode()
            found[signature] = (name, arguments[0] if len(arguments) == 1 else arguments)
    return found


def connect(sender: Any, signal: Any, *receiver: Any) -> bool:
    """`sender.connect("signal(types)", slot)` of PythonQt."""
    if not isinstance(signal, str) or signal[:1] in "12":  # Qt's own calls, with marked signatures
        return bool(_get(sender, "connect")(signal, *receiver))
    signal_of(sender, signal).connect(_slot(receiver))
    return True


def disconnect(sender: Any, signal: Any = None, *receiver: Any) -> bool:
    """Undo `connect`; False if there was no such connection."""
    if not isinstance(signal, str) or signal[:1] in "12":
        return bool(_disconnect(sender) if signal is None else _disconnect(sender, signal, *receiver))
    try:
        with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
            return bool(signal_of(sender, signal).disconnect(*([_slot(receiver)] if receiver else [])))
    except (RuntimeError, TypeError):
        return False


def find_children(parent: Any, kind: Any = QtCore.QObject, name: str = "") -> list[Any]:
    """All descendants of a class, given itself or by name, and of an object name."""
    children = _find_children(parent, QtCore.QObject)
    if isinstance(kind, str):
        children = [child for child in children if child.inherits(kind) or class_name(child) == kind]
    else:
        children = [child for child in children if isinstance(child, kind)]
    return [child for child in children if not name or child.objectName == name]


# PySide6's own, before anything is changed.
_get, _disconnect, _find_children = QtCore.QObject.__getattribute__, QtCore.QObject.disconnect, QtCore.QObject.findChildren
_METHODS: dict[str, Callable[..., Any]] = {"connect": connect, "disconnect": disconnect}


def _slot(receiver: tuple[Any, ...]) -> Callable[..., Any]:
    """The callable in `connect(signal, callable)` or `connect(signal, object, "slot()")`."""
    if len(receiver) == 2:
        return getattr(receiver[0], receiver[1].partition("(")[0])
    if len(receiver) != 1 or not callable(receiver[0]):
        raise TypeError("connect needs a callable, or an object and the signature of its slot")
    return receiver[0]
