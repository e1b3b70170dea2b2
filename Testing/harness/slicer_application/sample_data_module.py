"""Double of the application's module SampleData: sources are registered and can be loaded, without its panel or downloads."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any


class SampleDataSource:
    """One data set. Only those that a module makes itself, with `customDownloader`, can be loaded here."""

    def __init__(
        self,
        sampleName: str | None = None,
        sampleDescription: str | None = None,
        uris: Any = None,
        fileNames: Any = None,
        nodeNames: Any = None,
        checksums: Any = None,
        loadFiles: Any = None,
        customDownloader: Callable[[Any], Any] | None = None,
        thumbnailFileName: str | None = None,
        loadFileType: Any = None,
        loadFileProperties: Any = None,
    ) -> None:
        self.sampleName = sampleName
        self.sampleDescription = sampleDescription or sampleName
        self.uris, self.fileNames, self.nodeNames, self.checksums = uris, fileNames, nodeNames, checksums
        self.loadFiles, self.loadFileType, self.loadFileProperties = loadFiles, loadFileType, loadFileProperties
        self.customDownloader, self.thumbnailFileName = customDownloader, thumbnailFileName


class SampleDataLogic:
    """Registered sources, by category."""

    @staticmethod
    def registerCustomSampleDataCategory(category: str, title: str | None = None) -> None:
        """Have a category, even if it stays empty."""
        _sources.setdefault(category, [])

    @staticmethod
    def registerCustomSampleDataSource(category: str = "Custom", **source: Any) -> None:
        """Offer a data set, also where there is one of the same name that is made by another function."""
        registered = _sources.setdefault(category, [])
        new = SampleDataSource(**source)
        if vars(new) not in [vars(other) for other in registered]:
            registered.append(new)

    @staticmethod
    def sampleDataSourcesByCategory(category: str) -> list[SampleDataSource]:
        """All data sets of a category."""
        return list(_sources.get(category, []))

    def sourceForSampleName(self, sampleName: str) -> SampleDataSource | None:
        """A data set by its name, or None."""
        sources = (source for registered in _sources.values() for source in registered)
        return next((source for source in sources if source.sampleName == sampleName), None)

    def downloadFromSource(self, source: SampleDataSource) -> Any:
        """Fail: the application downloads here, and calls a `customDownloader` from the buttons of its panel only."""
        raise NotImplementedError(f"the stand-in downloads nothing, neither does the application for {source.sampleName!r}")


_sources: dict[str, list[SampleDataSource]] = {}


def as_module() -> ModuleType:
    """What the module SampleData is."""
    module = ModuleType("SampleData")
    module.SampleDataLogic, module.SampleDataSource = SampleDataLogic, SampleDataSource  # type: ignore[attr-defined]
    return module
