"""Reading a result place by place: next and previous, confirmed or rejected, and totals that follow edits."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from slicer.i18n import tr as _

from .algorithm_tags import tagEdited
from .edit_follower import EditFollower, laterInEventLoop
from .lesion_numbers import ROLE, LesionCount, countLesions, lesionNumberSteps
from .marks import ItemKind, Mark, Marks
from .review_points import MOST_SHOWN, fillPoints, pointOf, showMarks
from .segment_voxels import segmentOf
from .step_runner import allSteps
from .tables import TOTAL, setLesionReview, setPlaceReview, setReviewedMl, volumeText
from .views import jumpTo

_COUNTED, _COUNTED_SUBTYPES = "review.lesionsMl", "review.subtypesMl"
_BACKGROUND = "background"
#: Volumes in mL that differ by less are the same; a voxel of a head CT has 0.0005 mL or more.
_SAME_ML = 1e-6
_Key = TypeVar("_Key", int, str)


@dataclass(frozen=True)
class ReviewItem:
    """One lesion or place.

    Attributes
    ----------
    kind : ItemKind
    number : int
        The lesion's number or the place's rank, from 1.
    title : str
        For example ``1 IPH 12.3 mL``.
    ras : (3,) tuple of float
        A voxel of it, R, A, S in mm in world space.
    mark : Mark
    """

    kind: ItemKind
    number: int
    title: str
    ras: tuple[float, float, float]
    mark: Mark


class Review:
    """The review of one result. Everything that a reader decides is kept in the scene, with the result.

    Parameters
    ----------
    result : HemorrhageResult
        Its tables must have been made (`tables.makeTables`).
    """

    def __init__(self, result):
        self.result = result
        self._marks = Marks(result.record)
        self._index: int | None = None
        self._follower: EditFollower | None = None
        #: Called without arguments after marks or totals have changed.
        self.onChange: Callable[[], None] | None = None

    def start(self) -> None:
        """Make the points and remember each voxel's lesion: once, when the result is new and before anybody edits."""
        allSteps(self.startSteps())

    def startSteps(self) -> Generator[None, None, None]:
        """Do what `start` does, in steps between which the application can draw."""
        summary = self.result.summary
        anchors = yield from lesionNumberSteps(self.result)
        lesions = [(_lesionTitle(row), anchors.get(row["number"], row["centre_ras"])) for row in summary["lesions"]]
        places = [(_placeTitle(row), row["centre_ras"]) for row in summary["places"]]
        fillPoints(self.result, ItemKind.LESION, lesions)
        yield
        fillPoints(self.result, ItemKind.PLACE, places)
        yield
        self.update()

    def items(self, kind: ItemKind | None = None) -> list[ReviewItem]:
        """Return the lesions, largest first, then the places, most uncertain first; or one kind only."""
        summary = self.result.summary
        found = []
        for each, rows, key, title in (
            (ItemKind.LESION, summary["lesions"], "number", _lesionTitle),
            (ItemKind.PLACE, summary["places"], "rank", _placeTitle),
        ):
            node = self.result.node(each.value)
            if node is None or kind not in (None, each):
                continue
            for index, row in enumerate(rows[: node.GetNumberOfControlPoints()]):
                number = row[key]
                found.append(ReviewItem(each, number, title(row), pointOf(node, index), self._marks.get(each, number)))
        return found

    @property
    def current(self) -> ReviewItem | None:
        """What the views were last brought to."""
        items = self.items()
        return items[self._index] if self._index is not None and self._index < len(items) else None

    def goTo(self, kind: ItemKind, number: int) -> ReviewItem:
        """Bring the views to a lesion or place.

        Raises
        ------
        KeyError
            Where there is none of that number.
        """
        for index, item in enumerate(self.items()):
            if (item.kind, item.number) == (kind, number):
                return self._show(index)
        raise KeyError(f"{kind.value} {number}")

    def next(self) -> ReviewItem | None:
        """Bring the views to the next lesion or place, after the last to the first; None where there is nothing to review.

        Lesions beyond the largest `review_points.MOST_SHOWN` are passed over; the table leads to them too.
        """
        return self._step(1)

    def previous(self) -> ReviewItem | None:
        """Bring the views to the one before, before the first to the last; None where there is nothing to review."""
        return self._step(-1)

    def mark(self, kind: ItemKind, number: int, mark: Mark) -> None:
        """Keep a reader's judgement and update points, tables and totals."""
        self._marks.set(kind, number, mark)
        self.update()

    def markCurrent(self, mark: Mark) -> None:
        """Keep a judgement about what the views were last brought to; nothing happens where that is nothing."""
        item = self.current
        if item is not None:
            self.mark(item.kind, item.number, mark)

    def reviewedMl(self) -> dict[str, float]:
        """Return the volume of each subtype, and the ``total``, in mL as they are now, rejected lesions left out."""
        return self._reviewed(countLesions(self.result))

    def follow(self, later: Callable = laterInEventLoop) -> None:
        """Keep the totals up to date while the segmentation is edited or moved, until `stop`."""
        self.stop()
        self._follower = EditFollower(self.result.segmentation, self.update, later)

    def stop(self) -> None:
        """Follow edits no more."""
        if self._follower is not None:
            self._follower.stop()
            self._follower = None

    def update(self) -> None:
        """Count the segmentation, mark lesions and segments that have changed as edited, and write tables and points."""
        result = self.result
        if result.segmentation is None or result.node(ROLE) is None:
            return
        count = countLesions(result)
        self._markEdited(count)
        lesions = {row["number"]: self._marks.get(ItemKind.LESION, row["number"]) for row in result.summary["lesions"]}
        places = {row["rank"]: self._marks.get(ItemKind.PLACE, row["rank"]) for row in result.summary["places"]}
        setLesionReview(result, count.lesionsMl, {number: mark.title for number, mark in lesions.items()})
        setPlaceReview(result, {rank: mark.title for rank, mark in places.items()})
        setReviewedMl(result, self._reviewed(count))
        for kind, marks in ((ItemKind.LESION, lesions), (ItemKind.PLACE, places)):
            node = result.node(kind.value)
            if node is not None:
                shown = list(marks.values())[: node.GetNumberOfControlPoints()]
                showMarks(node, dict(enumerate(shown)))
        if self.onChange is not None:
            self.onChange()

    def _reviewed(self, count: LesionCount) -> dict[str, float]:
        volumes = dict(count.subtypesMl)
        for row in self.result.summary["lesions"]:
            if self._marks.get(ItemKind.LESION, row["number"]) is Mark.REJECTED:
                # Not below zero, by a rounding: nobody reads "-0.0 mL" as nothing.
                volumes[row["name"]] = max(0.0, volumes[row["name"]] - count.lesionsMl[row["number"]])
        return {**volumes, TOTAL: sum(volumes.values())}

    def _markEdited(self, count: LesionCount) -> None:
        """Mark what has changed since the last count. A rejected lesion stays rejected, whatever is left of it."""
        for number in self._changed(_COUNTED, count.lesionsLocalMl):
            if self._marks.get(ItemKind.LESION, number) is not Mark.REJECTED:
                self._marks.set(ItemKind.LESION, number, Mark.EDITED)
        for subtype in self._changed(_COUNTED_SUBTYPES, count.subtypesLocalMl):
            segmentID = segmentOf(self.result.segmentation, subtype)
            if segmentID is not None:
                tagEdited(self.result.segmentation, segmentID)

    def _changed(self, parameter: str, volumesMl: Mapping[_Key, float]) -> list[_Key]:
        """Return whose volume is not that of the last count, which is kept under a parameter of the record."""
        record = self.result.record
        before = json.loads(record.GetParameter(parameter) or "{}")
        record.SetParameter(parameter, json.dumps(volumesMl))
        return [key for key, volume in volumesMl.items() if abs(volume - before.get(str(key), volume)) > _SAME_ML]

    def _step(self, step: int) -> ReviewItem | None:
        items = self.items()
        if not items:
            return None
        index = self._index if self._index is not None else min(0, -step)
        while True:
            index = (index + step) % len(items)
            if items[index].kind is ItemKind.PLACE or index < MOST_SHOWN:
                return self._show(index)

    def _show(self, index: int) -> ReviewItem:
        self._index = index
        item = self.items()[index]
        jumpTo(item.ras, centered=False)
        return item


def _lesionTitle(row) -> str:
    volume = volumeText(row["volume_ml"])
    return _("{number} {subtype} {volume} mL").format(number=row["number"], subtype=row["name"], volume=volume)


def _placeTitle(row) -> str:
    """Name a place by the subtypes that compete there; that the other possibility is no hemorrhage needs no word."""
    subtypes = [name for name in row["classes"] if name != _BACKGROUND]
    return _("{rank} {subtypes}?").format(rank=row["rank"], subtypes=_(" or ").join(subtypes))
