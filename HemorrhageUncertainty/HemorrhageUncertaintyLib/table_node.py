"""A table node filled column by column, with types, titles and units that a table view and a saved scene keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import vtk


class ColumnType(Enum):
    """What a column holds; the value is the type's name in a table node's schema."""

    TEXT = "string"
    NUMBER = "double"
    COUNT = "int"


#: As many as VTK writes of a number in a table's file.
_SIGNIFICANT_DIGITS = 6
_ARRAYS = {
    ColumnType.TEXT: vtk.vtkStringArray,
    ColumnType.NUMBER: vtk.vtkDoubleArray,
    ColumnType.COUNT: vtk.vtkIntArray,
}


@dataclass(frozen=True)
class Column:
    """One column of a table node.

    Attributes
    ----------
    name : str
        Stable name by which programs find the column; never translated.
    title : str
        What the header shows; the view adds the unit in brackets.
    type : ColumnType
    values : sequence
        One value a row.
    unit : str
        For example ``mL``; empty for a text or a pure number.
    description : str
        One sentence, shown as the header's tool tip.
    decimals : int
        Numbers are rounded to so many decimals, which a reader can use, and to six significant digits, which a saved scene keeps.
    """

    name: str
    title: str
    type: ColumnType
    values: Sequence
    unit: str = ""
    description: str = ""
    decimals: int = 3


def fillTable(tableNode, columns: Sequence[Column]) -> None:
    """Replace the content of a table node; the node itself, and whatever refers to it, stays.

    Parameters
    ----------
    tableNode : vtkMRMLTableNode
    columns : sequence of Column
        All of one length.

    Raises
    ------
    ValueError
        Where the columns differ in length.
    """
    if len({len(column.values) for column in columns}) > 1:
        raise ValueError("the columns of a table must have one length")
    wasModifying = tableNode.StartModify()
    tableNode.RemoveAllColumns()
    tableNode.SetUseColumnTitleAsColumnHeader(True)
    tableNode.SetLocked(True)
    for column in columns:
        tableNode.AddColumn(_array(column))
        tableNode.SetColumnProperty(column.name, "type", column.type.value)
        tableNode.SetColumnTitle(column.name, column.title)
        tableNode.SetColumnUnitLabel(column.name, column.unit)
        tableNode.SetColumnDescription(column.name, column.description)
    tableNode.Modified()
    tableNode.EndModify(wasModifying)


def setColumnValues(tableNode, name: str, values: Sequence, decimals: int = 3) -> None:
    """Change the values of one column in place, row by row.

    Raises
    ------
    KeyError
        Where the table has no column of that name.
    ValueError
        Where the number of values is not the number of rows.
    """
    array = tableNode.GetTable().GetColumnByName(name)
    if array is None:
        raise KeyError(name)
    if array.GetNumberOfValues() != len(values):
        raise ValueError(f"the table has {array.GetNumberOfValues()} rows, but {len(values)} values were given")
    for row, value in enumerate(values):
        array.SetValue(row, _rounded(value, decimals) if array.IsA("vtkDoubleArray") else value)
    array.Modified()
    tableNode.GetTable().Modified()
    tableNode.Modified()


def columnValues(tableNode, name: str) -> list:
    """Return one column's values, first row first.

    Raises
    ------
    KeyError
        Where the table has no column of that name.
    """
    array = tableNode.GetTable().GetColumnByName(name)
    if array is None:
        raise KeyError(name)
    return [array.GetValue(row) for row in range(array.GetNumberOfValues())]


def _rounded(value: float, decimals: int) -> float:
    return float(f"{round(float(value), decimals):.{_SIGNIFICANT_DIGITS}g}")


def _array(column: Column):
    array = _ARRAYS[column.type]()
    array.SetName(column.name)
    for value in column.values:
        if column.type is ColumnType.NUMBER:
            value = _rounded(value, column.decimals)
        array.InsertNextValue(value)
    return array
