"""Copies the embedded models into the wheel; everything else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

MODELS = Path("Resources", "Models")


class BuildWithModels(build_py):
    """Puts ``Resources/Models`` where the installed package looks for it; an editable install uses the checkout's own."""

    def run(self) -> None:
        """Build, and copy the models."""
        super().run()
        if not self.editable_mode:
            for source, target in self._model_files():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """Return what the build writes."""
        return [*super().get_outputs(include_bytecode), *(str(target) for _, target in self._model_files())]

    def get_source_files(self) -> list[str]:
        """Return what the build reads (this is what a source distribution carries)."""
        return [*super().get_source_files(), *(str(source) for source, _ in self._model_files())]

    def _model_files(self) -> list[tuple[Path, Path]]:
        root = Path(self.build_lib, "hemorrhage", "resources", "Models")
        files = (path for folder in sorted(MODELS.glob("[!.]*")) for path in sorted(folder.rglob("*")) if path.is_file())
        return [(path, root / path.relative_to(MODELS)) for path in files]


setup(cmdclass={"build_py": BuildWithModels})
