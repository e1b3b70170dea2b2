"""A combo box over strings whose choices change while the module runs (models, methods, devices, maps)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import qt


@dataclass(frozen=True)
class Choice:
    """One line of a combo box.

    Attributes
    ----------
    value : str
        What is stored.
    label : str
        What is shown.
    toolTip : str
    """

    value: str
    label: str
    toolTip: str = ""


class StringChoice:
    """Shows choices in a combo box and reports what the user picks.

    `connectGui` of a parameter node needs choices that are known when the class is written; these are not.

    Parameters
    ----------
    comboBox : qt.QComboBox
    onChosen : callable(str)
        Called with the value when the user picks a line, not when the program does.
    """

    def __init__(self, comboBox, onChosen: Callable[[str], None]):
        self._comboBox = comboBox
        self._onChosen = onChosen
        self._ownToolTip = comboBox.toolTip
        comboBox.connect("currentIndexChanged(int)", self._changed)

    @property
    def value(self) -> str:
        """Value of the shown line; empty where there is none."""
        index = self._comboBox.currentIndex
        return self._comboBox.itemData(index) if index >= 0 else ""

    def setChoices(self, choices: Sequence[Choice], current: str) -> None:
        """Replace the lines and show `current`; a value that is not among them gets a line of its own, so that it is not lost."""
        if current and current not in [choice.value for choice in choices]:
            choices = [*choices, Choice(current, current)]
        wasBlocked = self._comboBox.blockSignals(True)
        self._comboBox.clear()
        for index, choice in enumerate(choices):
            self._comboBox.addItem(choice.label, choice.value)
            self._comboBox.setItemData(index, choice.toolTip, qt.Qt.ToolTipRole)
        self._comboBox.blockSignals(wasBlocked)
        self.show(current)

    def show(self, value: str) -> None:
        """Show a value without reporting it; the first line where it is unknown."""
        wasBlocked = self._comboBox.blockSignals(True)
        self._comboBox.setCurrentIndex(max(0, self._comboBox.findData(value)) if self._comboBox.count else -1)
        self._comboBox.blockSignals(wasBlocked)
        self._showToolTip()

    def _changed(self, _index: int) -> None:
        self._showToolTip()
        self._onChosen(self.value)

    def _showToolTip(self) -> None:
        index = self._comboBox.currentIndex
        own = self._comboBox.itemData(index, qt.Qt.ToolTipRole) if index >= 0 else ""
        # In one line until the first tag, or Qt would take the text as plain.
        self._comboBox.toolTip = f"{self._ownToolTip}<br><br>{own}" if own else self._ownToolTip
