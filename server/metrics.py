"""What operators watch, in Prometheus' words. Ids of people, devices or sites are never labels.

Counters and histograms are the process's; gauges are read from the running server when scraped.
Estimate: 2 us an observation, some ten a frame.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import REGISTRY, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_STAGE_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)

STAGES = Histogram(
    "hadir_stage_seconds",
    "Time of a frame in a stage; of a whole batch in `embed`.",
    ["stage"],
    buckets=_STAGE_SECONDS,
)
BATCH = Histogram("hadir_batch_faces", "Faces embedded together.", buckets=(1, 2, 4, 8))
FRAMES = Counter("hadir_frames", "Frames by what became of them.", ["outcome"])
FACES = Counter("hadir_kiosk_faces", "Faces at kiosks by what was shown for them.", ["state"])
CHECK_INS = Counter("hadir_check_ins", "Check-ins on phones that ended, by outcome.", ["outcome"])
EVENTS = Counter("hadir_events", "Attendance events recorded.", ["source", "kind"])
SHED = Counter("hadir_shed", "Work refused because there was too much.", ["what"])
KIOSKS_TWICE = Counter(
    "hadir_kiosks_connected_twice", "Streams of kiosks in use that another one ended."
)
RPC = Histogram(
    "hadir_rpc_seconds",
    "Calls by method and outcome; streams count from open to end.",
    ["method", "outcome"],
    buckets=(*_STAGE_SECONDS, 5, 15, 60),
)
STORAGE_FAILURES = Counter(
    "hadir_storage_failures", "Groups of writes that could not be stored, by why.", ["error"]
)
LOG_LINES_LOST = Counter("hadir_log_lines_lost", "Lines of the log that could not be written.")
TASK_FAILURES = Counter("hadir_task_failures", "Tasks that ended and were begun again.", ["task"])
LOOP_LAG = Histogram(
    "hadir_event_loop_lag_seconds", "How late the event loop was.", buckets=_STAGE_SECONDS
)

GAUGES: Mapping[str, str] = {
    "hadir_frames_waiting": "Frames that wait for a worker.",
    "hadir_frame_cost_seconds": "What a frame costs a worker, with all that comes beside.",
    "hadir_workers": "Threads that analyse frames.",
    "hadir_streams_open": "Open streams of phones, kiosks and enrolment.",
    "hadir_check_ins_open": "Check-ins in progress.",
    "hadir_check_in_places": "Check-ins that can run at once.",
    "hadir_gallery_people": "Employees who can be recognised.",
    "hadir_gallery_version": "Number of the gallery's present snapshot.",
    "hadir_enrolments_unreadable": "Employees whose stored face cannot be read: enrol them again.",
    "hadir_storage_writable": "1 while what is recorded can be stored, else 0.",
    "hadir_upkeep_success_time_seconds": "When the server's upkeep last succeeded, since 1970.",
    "hadir_writes_waiting": "Transactions that wait for the writer.",
    "hadir_ledger_records": "Records that the ledger holds.",
    "hadir_endings_unwritten": "Endings that are not in their journal: a restore brings them back.",
}
# Of the event loop in which the gauges were shown, and no figure of its services.
TASKS = "hadir_tasks"


def observe_stages(**took_ms: float) -> None:
    """Notes what a frame, or a batch, spent in stages, in milliseconds."""
    for stage, value in took_ms.items():
        STAGES.labels(stage).observe(value / 1e3)


class _Gauges(Collector):
    def __init__(self, read: Callable[[], Mapping[str, float]]) -> None:
        self._read = read
        self._loop: asyncio.AbstractEventLoop | None
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None  # no loop, no tasks

    def collect(self) -> Iterator[Metric]:
        for name, value in self._read().items():
            yield GaugeMetricFamily(name, GAUGES[name], value=value)
        if self._loop is not None:
            # Copies the set, and may be asked from the scrape's thread.
            tasks = len(asyncio.all_tasks(self._loop))
            yield GaugeMetricFamily(TASKS, "Tasks of the event loop.", value=tasks)

    def describe(self) -> tuple[()]:
        return ()  # claims no names: servers that share a process, as in tests, share them


@contextmanager
def gauges(read: Callable[[], Mapping[str, float]]) -> Iterator[None]:
    """Shows a running server's gauges, by the names of GAUGES, until it stops."""
    collector = _Gauges(read)
    REGISTRY.register(collector)
    try:
        yield
    finally:
        REGISTRY.unregister(collector)


@contextmanager
def served(host: str, port: int) -> Iterator[int]:
    """Serves /metrics over plain HTTP, in a thread of its own. Yields the port. Raises OSError."""
    server, thread = start_http_server(port, addr=host)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
