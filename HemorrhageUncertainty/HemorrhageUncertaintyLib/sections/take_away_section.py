"""Report, tables, images and scene as files."""

from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _


class TakeAwaySection:
    """The buttons under "Take away".

    Parameters
    ----------
    ui : namespace of widgets
    logic : HemorrhageUncertaintyLogic
        Writes the report and the files.
    openInBrowser : callable(Path)
    """

    def __init__(self, ui, logic, openInBrowser=None):
        self._ui = ui
        self._logic = logic
        self._openInBrowser = openInBrowser or _openInBrowser
        self._parameterNode = None
        self._result = None
        ui.openReportButton.connect("clicked()", self.openReport)
        ui.saveReportButton.connect("clicked()", self._browseForReport)
        ui.exportButton.connect("clicked()", self._browseForFolder)
        ui.saveSceneButton.connect("clicked()", slicer.util.openSaveDataDialog)

    def setParameterNode(self, parameterNode) -> None:
        """Follow the choices of a parameter node; None while a scene closes."""
        self._parameterNode = parameterNode

    def setResult(self, result) -> None:
        """Take from a result; None disables the buttons that need one."""
        self._result = result
        hasReport = result is not None and result.report is not None
        self._ui.openReportButton.enabled = hasReport
        self._ui.saveReportButton.enabled = hasReport
        self._ui.exportButton.enabled = result is not None

    def openReport(self) -> None:
        """Show the report in the web browser, from a file that Slicer removes when it quits."""
        with slicer.util.tryWithErrorDisplay(_("The report cannot be opened."), waitCursor=True):
            path = Path(slicer.app.temporaryPath, f"hemorrhage_report_{self._result.record.GetID()}.html")
            self._logic.saveReport(self._result, path)
            self._openInBrowser(path)

    def saveReport(self, path: Path) -> None:
        """Write the report to a file."""
        with slicer.util.tryWithErrorDisplay(_("The report cannot be saved."), waitCursor=True):
            self._logic.saveReport(self._result, path)
            slicer.util.showStatusMessage(_("Report saved as {path}.").format(path=path), 5000)

    def export(self, folder: Path) -> None:
        """Write tables, and images in the chosen format, into a folder."""
        with slicer.util.tryWithErrorDisplay(_("The result cannot be saved."), waitCursor=True):
            self._logic.export(self._result, folder, self._parameterNode.imageFormat.value)
            slicer.util.showStatusMessage(_("Result saved in {folder}.").format(folder=folder), 5000)

    def _browseForReport(self) -> None:
        path = qt.QFileDialog.getSaveFileName(
            slicer.util.mainWindow(), _("Save report"), f"{self._result.name}.html", _("Web page (*.html)")
        )
        if path:
            self.saveReport(Path(path))

    def _browseForFolder(self) -> None:
        folder = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("Save tables and images in"))
        if folder:
            self.export(Path(folder))


def _openInBrowser(path: Path) -> None:
    qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path)))
