"""Which of a folder's series is the head CT."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import DicomSeriesError, NotACTError, NotAVolumeError
from .ct_checks import MIN_SLICES
from .dicom_header import DicomHeader

_SHARP_KERNEL = re.compile(r"\bBONE|EDGE|LUNG|DETAIL|\b[HJBQ][RCFV]?[67]\d")
_CONTRAST = re.compile(r"\bCTA\b|ANGIO|CONTRAST|\bPOST\b(?!\.? ?FOSS)|\bC\+|\bKM\b|PERFUSION|VENOUS|ARTERIAL")
_NO_CONTRAST = re.compile(r"NON?[- ]?CONTRAST|WITHOUT|W/O|\bNCCT\b|UNENHANCED|\bPRE\b|NATIVE?|PLAIN")
#: Series shorter than this share of the longest are no candidates.
_SHORT = 0.5
_HEAD = re.compile(r"HEAD|BRAIN|SKULL|CRANI|SCHAEDEL|NEURO|CEREB")
_ELSEWHERE = re.compile(r"CHEST|THORAX|ABDOM|PELVI|SPINE|NECK|LUMBAR|KNEE|LEG")


def speaks_of_contrast(agent: str, words: str) -> bool:
    """Whether a contrast agent is named (Contrast/Bolus Agent), or the series' description or protocol speaks of one."""
    if agent.strip().upper() not in ("", "NONE", "NO"):
        return True
    words = words.upper()
    return bool(_CONTRAST.search(words)) and not _NO_CONTRAST.search(words)


@dataclass(frozen=True, eq=False)
class DicomSeries:
    """Slices with one Series Instance UID, one orientation, one matrix and one pixel spacing.

    Attributes
    ----------
    headers : tuple of DicomHeader
        As found, unsorted, duplicates included.
    """

    headers: tuple[DicomHeader, ...]

    @property
    def first(self) -> DicomHeader:
        """Any slice: what they have in common can be read from it."""
        return self.headers[0]

    @property
    def description(self) -> str:
        """Number, name, size and image type, for the user."""
        first = self.first
        name = first.text("SeriesDescription") or "no description"
        kind = "\\".join(first.image_type)
        return f"series {first.text('SeriesNumber') or '?'} ({name}, {len(self.headers)} slices, {kind})"

    @cached_property
    def words(self) -> str:
        """Return all free text that says what was scanned, in capitals."""
        keys = ("SeriesDescription", "ProtocolName", "StudyDescription", "BodyPartExamined")
        return " ".join(self.first.text(key) for key in keys).upper()

    @property
    def is_original(self) -> bool:
        """Whether the scanner made it (ORIGINAL, PRIMARY) and not a reformatting program."""
        return {"ORIGINAL", "PRIMARY"} <= set(self.first.image_type) and "REFORMATTED" not in self.first.image_type

    @property
    def is_axial(self) -> bool:
        """Whether the slices are closer to axial than to any other plane."""
        return abs(float(np.cross(*self.first.orientation)[2])) > 0.7

    @property
    def has_contrast(self) -> bool:
        """Whether a contrast agent is named, or the description speaks of one."""
        agents = {header.text("ContrastBolusAgent") for header in self.headers}
        words = f"{self.first.text('SeriesDescription')} {self.first.text('ProtocolName')}"
        return any(speaks_of_contrast(agent, words) for agent in agents)

    @property
    def is_sharp(self) -> bool:
        """Whether it was reconstructed for bone: noise hides blood."""
        return bool(
            _SHARP_KERNEL.search(f"{self.first.text('ConvolutionKernel')} {self.first.text('SeriesDescription')}".upper())
        )

    @cached_property
    def extent_mm(self) -> float:
        """Distance between the outermost slices."""
        heights = [float(np.cross(*self.first.orientation) @ header.position) for header in self.headers]
        return max(heights) - min(heights)

    @cached_property
    def rank(self) -> tuple[bool, ...]:
        """How suitable it is, compared from the first entry on."""
        elsewhere = bool(_ELSEWHERE.search(self.words)) and not _HEAD.search(self.words)
        return (self.is_axial, not elsewhere, self.is_original, not self.has_contrast, not self.is_sharp)

    def holds(self, header: DicomHeader) -> bool:
        """Whether a file belongs to this series."""
        return any(h.path == header.path for h in self.headers)


def split_into_series(headers: Sequence[DicomHeader], where: str) -> list[DicomSeries]:
    """Group CT slices by series and geometry; localizers, reports and screens are left out.

    Raises
    ------
    DicomSeriesError, NotACTError, NotAVolumeError
        If nothing is left; the message says what there was.
    """
    slices = [
        h for h in headers if h.text("Modality").upper() == "CT" and h.is_slice and not h.is_localizer and not h.is_multi_frame
    ]
    color = [h for h in slices if (h.number("SamplesPerPixel") or 1) > 1]
    slices = [h for h in slices if h not in color]
    if slices:
        groups: list[list[DicomHeader]] = []
        for header in slices:
            group = next((g for g in groups if _belong_together(g[0], header)), None)
            if group is None:
                groups.append([header])
            else:
                group.append(header)
        return [DicomSeries(tuple(group)) for group in groups]
    modalities = sorted({h.text("Modality") or "unknown" for h in headers})
    if modalities and "CT" not in modalities:
        raise NotACTError(f"{where} holds DICOM of modality {', '.join(modalities)}: give a CT")
    if color or any((h.number("SamplesPerPixel") or 1) > 1 for h in headers):
        raise NotAVolumeError(f"{where} holds color (RGB) pictures only: give the CT's original slices")
    if any(h.is_multi_frame for h in headers):
        raise NotAVolumeError(
            f"{where} holds an enhanced multi-frame CT, which is not read: convert it to NRRD, NIfTI or single-frame DICOM"
        )
    if any(h.is_localizer for h in headers):
        raise DicomSeriesError(f"{where} holds only localizers (scout views): give the folder of the CT's slices")
    raise DicomSeriesError(f"{where} has no CT slice with a position in the patient: give the folder of the CT's original slices")


def _belong_together(one: DicomHeader, other: DicomHeader) -> bool:
    """Whether two slices have the same series, matrix, orientation (to 0.1 degrees) and pixel spacing (to rounding)."""
    same = all(one.text(key) == other.text(key) for key in ("SeriesInstanceUID", "Rows", "Columns"))
    return (
        same
        and np.allclose(one.orientation, other.orientation, atol=2e-3)
        and np.allclose(one.pixel_spacing, other.pixel_spacing, rtol=1e-3)
    )


def choose_series(all_series: Sequence[DicomSeries], where: str) -> tuple[DicomSeries, tuple[str, ...]]:
    """Choose the one series that suits best, and say so.

    Series less than half as long as the longest (bolus tracking, test slices) are no candidates. Preferred, in this order: axial;
    not named after another part of the body; original and primary; without contrast agent; not reconstructed for bone. If two
    series are equally suitable the choice is the user's.

    Raises
    ------
    DicomSeriesError
        None is large enough, or several suit equally; the message lists them.
    """
    large = [s for s in all_series if len(s.headers) >= MIN_SLICES]
    listing = "; ".join(s.description for s in all_series)
    if not large:
        raise DicomSeriesError(f"{where} has no series of at least {MIN_SLICES} slices (found: {listing}): give the whole CT")
    longest = max(s.extent_mm for s in large)
    large = [s for s in large if s.extent_mm >= _SHORT * longest]
    best = max(s.rank for s in large)
    candidates = [s for s in large if s.rank == best]
    if len(candidates) > 1:
        uids = {s.first.text("SeriesInstanceUID") for s in candidates}
        what = "slices of several geometries in one series" if len(uids) == 1 else f"{len(candidates)} equally suitable series"
        listing = "; ".join(s.description for s in candidates)
        raise DicomSeriesError(f"{where} holds {what} ({listing}): give a folder with one of them, or one file of it")
    chosen = candidates[0]
    warnings: tuple[str, ...] = ()
    if len(all_series) > 1:
        others = "; ".join(s.description for s in all_series if s is not chosen)
        warnings += (f"Of several series, {chosen.description} was chosen; left out: {others}.",)
    return chosen, warnings + series_warnings(chosen)


def series_warnings(series: DicomSeries) -> tuple[str, ...]:
    """Sentences on what makes a series less suitable."""
    warnings: tuple[str, ...] = ()
    if series.has_contrast:
        agent = series.first.text("ContrastBolusAgent") or series.first.text("SeriesDescription")
        warnings += (f"The CT was made with a contrast agent ({agent}): enhanced vessels and lesions look like blood.",)
    if not series.is_original:
        warnings += (f"The series is not an original acquisition (image type {'/'.join(series.first.image_type)}).",)
    if not series.is_axial:
        warnings += ("The slices are not axial.",)
    if series.is_sharp:
        warnings += (
            f"The series was reconstructed with a sharp kernel ({series.first.text('ConvolutionKernel')}): noise may hide blood.",
        )
    return warnings
