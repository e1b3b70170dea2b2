"""The report is one self-contained, accessible page with everything a reader needs."""

import re
from html.parser import HTMLParser

import pytest

from harness.synthetic_segmentation import synthetic_segmentation
from hemorrhage.report import write_report
from hemorrhage.report.report import render_report

HOSTILE = '/data/<script>alert(1)</script> & "O\'Neil"/ct.nii.gz'


class Page(HTMLParser):
    """Collects what the tests ask about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Keep the tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        """Keep the text."""
        self.words += data


@pytest.fixture(scope="module")
def segmentation():
    return synthetic_segmentation(source=HOSTILE)


@pytest.fixture(scope="module")
def text(segmentation, tmp_path_factory):
    path = write_report(segmentation, tmp_path_factory.mktemp("report") / "report.html")
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]
    return path.read_text(encoding="utf-8")


def test_nothing_is_loaded_from_elsewhere(text):
    page = Page(text)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(pictures) >= 4
    assert all(attributes["src"].startswith("data:image/png;base64,") for attributes in pictures)
    assert not re.search(r"https?://|url\(|@import", text)


def test_it_is_accessible(text):
    page = Page(text)
    assert all(attributes.get("alt") for tag, attributes in page.tags if tag == "img")
    assert ("html", {"lang": "en"}) in page.tags
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert all(attributes.get("scope") == "col" for tag, attributes in page.tags if tag == "th")


def test_texts_are_escaped(text):
    assert "<script>" not in text
    assert HOSTILE in Page(text).words


def test_it_says_what_was_found_and_that_it_is_research(segmentation, text):
    words = Page(text).words
    assert "Research use only — not for diagnosis" in words
    for volume in segmentation.volumes:
        assert volume.name in words or volume.name == "total"
    assert f"{segmentation.total_ml:.1f} mL" in words
    for warning in segmentation.warnings:
        assert warning in words
    assert "model, sha256" in words
    assert "0" * 64 in words
    assert "angle" not in words  # the samples' parameters stay in result.json
    assert "L 3" in words  # the center of the lesion on the patient's left


def test_an_empty_result_reads_well():
    words = Page(render_report(synthetic_segmentation(blobs=(), samples=1), b"png")).words
    assert words.count("No hemorrhage was segmented.") == 1
    assert "of 1 sample" in words
    assert "of 1 samples" not in words


def test_it_prints(text):
    assert "@media print" in text
