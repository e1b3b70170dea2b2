"""Takes requests as they come, and works them off one after the other."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

from ..errors import Interrupted
from .events import EventWriter
from .failure import Failure, FailureKind, failure_of
from .job_report import JobReport
from .jobs import Jobs
from .memory_between_jobs import free_memory
from .requests import Cancel, Job, ProtocolError, Quit, RequestId, Segment, parse_request

Entry = tuple[Job, JobReport]


class Service:
    """The queue of jobs between the thread that reads requests and the one that does them.

    Parameters
    ----------
    events : EventWriter
    jobs : Jobs
    """

    def __init__(self, events: EventWriter, jobs: Jobs) -> None:
        self._events = events
        self._jobs = jobs
        self._waiting: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._open: dict[RequestId, Entry] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()

    def take(self, line: bytes) -> None:
        """Take one line from the client (reading thread)."""
        try:
            request = parse_request(line)
            match request:
                case Cancel():
                    self._cancel(request.target)
                case Quit():
                    self.end()
                case _:
                    self._enqueue(request)
        except ProtocolError as error:
            self._fail(error.request_id, failure_of(error))

    def end(self) -> None:
        """Cancel every job, and let `work` return (any thread)."""
        self._ending.set()
        self._waiting.put(None)

    def work(self) -> None:
        """Do jobs as they come, until `end` is called (working thread)."""
        while (entry := self._waiting.get()) is not None:
            self._do(*entry)

    def open_folders(self) -> list[Path]:
        """Return the folders of segmentations that have not ended."""
        with self._lock:
            return [Path(job.folder) for job, _ in self._open.values() if isinstance(job, Segment)]

    def _enqueue(self, job: Job) -> None:
        entry = job, JobReport(job.id, self._events, self._ending.is_set)
        if job.id is not None:
            with self._lock:
                if job.id in self._open:
                    raise ProtocolError(f"the request {job.id!r} has not ended yet: every request needs its own id", job.id)
                self._open[job.id] = entry
        self._waiting.put(entry)

    def _cancel(self, target: RequestId) -> None:
        with self._lock:
            entry = self._open.get(target)
        if entry is not None:
            entry[1].cancel()

    def _do(self, job: Job, report: JobReport) -> None:
        """Do one job. Its last event is sent when it is over: its id is free again, and nothing more is written for it."""
        answer = failure = None
        try:
            report.stop_if_asked()
            answer = self._jobs.do(job, report)
        except Interrupted:
            pass
        except Exception as error:
            failure = failure_of(error)
        if job.id is not None:
            with self._lock:
                del self._open[job.id]
        if answer is not None:
            report.event(answer.event, **answer.fields)
        elif failure is not None:
            self._fail(job.id, failure)
        else:
            report.event("cancelled")
        if failure is not None and failure.kind is FailureKind.RESOURCE:
            self._jobs.forget_model()
        free_memory()

    def _fail(self, request_id: RequestId | None, failure: Failure) -> None:
        self._events.write(request_id, "error", kind=failure.kind.value, sentence=failure.sentence, detail=failure.detail)
