"""What the documents point to is there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

PROJECT = Path(__file__).resolve().parents[1]
_LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_IMAGE_TAG = re.compile(r"<img[^>]*\ssrc=\"([^\"]+)\"")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+\s+(.*?)\s*#*$", re.MULTILINE)


def _documents() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], cwd=PROJECT, capture_output=True, text=True
    )
    if listed.returncode == 0:
        found = [PROJECT / line for line in listed.stdout.splitlines()]
    else:  # not a checkout: an unpacked source archive
        found = [
            path for path in PROJECT.rglob("*.md") if not any(part.startswith(".") for part in path.parts[len(PROJECT.parts) :])
        ]
    return sorted(path for path in found if path.exists())


def _targets(text: str) -> list[str]:
    prose = _FENCE.sub("", text)
    return [unquote(target) for pattern in (_LINK, _IMAGE_TAG) for target in pattern.findall(prose)]


def _anchors(text: str) -> set[str]:
    """Names by which headings can be linked to, as hosts of repositories make them."""
    headings = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(_FENCE.sub("", text)))
    return {heading.replace(" ", "-") for heading in headings}


def test_targets_are_found_in_links_and_pictures():
    text = '[a](b.md#c-d) ![e](f%20g.png "title") <img width="3" src="h.png">\n```\n[not](this)\n```\n# C d!\n'
    assert _targets(text) == ["b.md#c-d", "f g.png", "h.png"]
    assert _anchors(text) == {"c-d"}


@pytest.mark.parametrize("document", _documents(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_relative_links_point_to_something(document):
    targets = _targets(document.read_text(encoding="utf-8"))
    relative = [target for target in targets if not re.match(r"[a-z][a-z0-9+.-]*:", target)]
    assert [target for target in relative if not _is_there(target, document)] == []


def _is_there(target: str, document: Path) -> bool:
    """Whether a link leads to a file or folder of the project, and, in a document, to one of its headings."""
    path, _, anchor = target.partition("#")
    linked = (document.parent / path).resolve() if path else document
    if not linked.is_relative_to(PROJECT) or not linked.exists():
        return False
    return not anchor or linked.suffix != ".md" or anchor in _anchors(linked.read_text(encoding="utf-8"))


@pytest.mark.parametrize("document", ["README.md", "HemorrhageUncertainty/Documentation/README.md"])
def test_pictures_are_whole(document):
    from PIL import Image

    path = PROJECT / document
    pictures = [target for target in _targets(path.read_text(encoding="utf-8")) if target.endswith(".png")]
    assert pictures
    for picture in pictures:
        with Image.open(path.parent / picture) as image:
            image.load()
            assert min(image.size) > 100


def test_catalog_pictures_are_in_the_project():
    text = (PROJECT / "CMakeLists.txt").read_text(encoding="utf-8")
    named = re.findall(r"https://raw\.githubusercontent\.com/[^/]+/[^/]+/main/([^\s\")]+)", text)
    assert len(named) >= 2
    assert [path for path in named if not (PROJECT / path).is_file()] == []
