"""The composition root: opens everything in order, and closes it in reverse."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from functools import partial
from zoneinfo import ZoneInfo

import grpc
import structlog

from server import memory, metrics, traces
from server.clock import Clock, SystemClock
from server.cores import usable_cores
from server.errors import ServerDraining, SettingsInvalid
from server.gallery.gallery import Gallery
from server.rpc import tls
from server.rpc.server import RpcServer, Services
from server.services.accounts import Accounts
from server.services.admission import Admission
from server.services.attendance import Attendance
from server.services.changes import Changes
from server.services.checkin import CheckIns
from server.services.claims import Claims
from server.services.corrections import Corrections
from server.services.desks import Desks
from server.services.devices import Devices
from server.services.directory import Directory
from server.services.documents import Documents
from server.services.endings import Endings
from server.services.enrollment import Enrollments
from server.services.events import EventLog
from server.services.forensics import Forensics
from server.services.kiosk import Kiosks
from server.services.ledger import Ledger
from server.services.live import LiveStreams
from server.services.months import Months
from server.services.notes import Signer
from server.services.passwords import Passwords
from server.services.quotas import Quotas
from server.services.reports import Reports
from server.services.requests import Requests
from server.services.retention import Periods, Retention
from server.services.rules import Rules
from server.services.sessions import Sessions
from server.services.sight import Sight
from server.services.thresholds import Thresholds
from server.services.timekeeping import Timekeeping, begun_in_time
from server.services.trial import Trial
from server.services.upkeep import Upkeep
from server.settings import Settings, sqlite_path
from server.storage import migrate
from server.storage.database import Database, open_database
from server.storage.journal import Journal, journal_of
from server.storage.vault import Vault, read_key_file
from server.vision.calibration import load_calibration
from server.vision.pack import Pack, load_antispoof, load_pack
from server.vision.pipeline import Pipeline

LAG_TICK_S = 0.1
LAST_WORD_S = 2.0
LAG_WARNING_S = 0.05
STORAGE_TICK_S = 1.0
AGAIN_S = 10.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class App:
    """A running server."""

    server: RpcServer
    services: Services
    settings: Settings

    async def drain(self) -> None:
        """Stops: no new work, streams are told to resume elsewhere, running work ends."""
        log.info("draining", streams=len(self.services.live))
        await self.server.set_serving(serving=False)
        self.services.live.begin_drain()
        stopping = asyncio.create_task(self.server.stop(self.settings.drain_seconds))
        # What has not ended by itself is told so, before the transport cuts it off.
        told_s = max(self.settings.drain_seconds - LAST_WORD_S, self.settings.drain_seconds / 2)
        await asyncio.wait({stopping}, timeout=told_s)
        self.services.live.end_all(ServerDraining("the server stops", retry_after_s=2))
        await stopping
        log.info("stopped")


@asynccontextmanager
async def open_app(settings: Settings, clock: Clock | None = None) -> AsyncIterator[App]:
    """Opens a server that serves. Raises SettingsInvalid, DataInvalid, ModelInvalid."""
    clock = clock or SystemClock()
    credentials = tls.credentials(
        settings.listen,
        settings.tls_certificate,
        settings.tls_key,
        allow_plaintext=settings.allow_plaintext,
    )
    async with (
        traces.opened(settings.traces_endpoint, settings.traces_ratio) as tracing,
        open_services(settings, clock) as services,
    ):
        # The models run warm in their threads while the faces are read.
        await services.enrollments.load_gallery()
        await services.checkins.pipeline.warm_up()
        await services.enrollments.warn_outdated()
        await asyncio.to_thread(memory.give_back)
        with _metrics(settings, services):
            async with _serving(settings, services, tracing, credentials) as app:
                yield app


@asynccontextmanager
async def _serving(
    settings: Settings,
    services: Services,
    tracing: traces.Traces,
    credentials: grpc.ServerCredentials | None,
) -> AsyncIterator[App]:
    """Listens until the end of the block, and drains then. Raises SettingsInvalid."""
    server = RpcServer(
        services,
        tracing,
        idle_s=settings.stream_idle_seconds,
    )
    await server.start(settings.listen, credentials)
    app = App(server, services, settings)
    works: dict[str, Callable[[], Awaitable[None]]] = {
        "loop-lag": _watch_lag,
        "upkeep": services.upkeep.run,
        "ledger": services.ledger.run,
        "endings": services.endings.run,
        "storage-watch": lambda: _watch_storage(server, services.storage),
    }
    tasks = [asyncio.create_task(_again(name, work), name=name) for name, work in works.items()]
    try:
        await server.set_serving(serving=True)
        yield app
    finally:
        for task in tasks:
            task.cancel()
        await app.drain()
        await services.ledger.end()


@dataclass(frozen=True, slots=True)
class _Threads:
    """The thread pools, by what must not wait for what."""

    search: ThreadPoolExecutor
    logins: ThreadPoolExecutor
    background: ThreadPoolExecutor
    reports: ThreadPoolExecutor
    gallery: ThreadPoolExecutor
    ledger: ThreadPoolExecutor

    def close(self) -> None:
        """Ends all, without what still waits."""
        for field in fields(self):
            getattr(self, field.name).shutdown(cancel_futures=True)


@asynccontextmanager
async def open_services(settings: Settings, clock: Clock) -> AsyncIterator[Services]:
    """Opens storage, models and use cases, without a network."""
    path = sqlite_path(settings)
    migrate.check(path)
    vault = read_key_file(settings.key_file)
    workers = settings.workers or usable_cores()
    alone = dict.fromkeys(("background", "reports", "gallery", "ledger"), 1)
    sizes = {"search": workers, "logins": 2, **alone}
    threads = _Threads(
        **{name: ThreadPoolExecutor(n, thread_name_prefix=name) for name, n in sizes.items()}
    )
    try:
        async with _loading(settings, workers) as loading, open_database(path) as database:
            signer = Signer(vault.subkey("ledger"))
            ledger = Ledger(database, path, signer, clock, threads.ledger)
            await ledger.begin()
            journal = Journal(journal_of(path), vault.subkey("endings"))
            endings = Endings(database, path, journal, clock, threads.ledger)
            ended = await endings.begin()
            trusted = settings.trust_clock
            times = await begun_in_time(database, clock, trusted=trusted, ended=ended)
            await endings.settle()
            rules = Rules(database, clock)
            await rules.begin()
            pipeline = await asyncio.shield(loading)  # who gives up here still ends its threads
            thresholds = Thresholds(
                load_calibration(pipeline.model_version, settings.calibration),
                settings.identification_fpir,
                settings.verification_fmr,
            )
            yield _compose(
                settings,
                clock,
                database,
                vault,
                ledger=ledger,
                endings=endings,
                times=times,
                rules=rules,
                pipeline=pipeline,
                thresholds=thresholds,
                threads=threads,
            )
    finally:
        threads.close()


@asynccontextmanager
async def _loading(settings: Settings, workers: int) -> AsyncIterator[asyncio.Task[Pipeline]]:
    """Loads the models beside the block. The end of it ends their threads, however it ends."""
    task = asyncio.create_task(asyncio.to_thread(_pipeline, settings, workers), name="models")
    try:
        yield task
    finally:
        # A thread that loads cannot be stopped, and those of a pipeline keep the process alive.
        (loaded,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(loaded, Pipeline):
            loaded.close()


def _compose(
    settings: Settings,
    clock: Clock,
    database: Database,
    vault: Vault,
    *,
    ledger: Ledger,
    endings: Endings,
    times: Timekeeping,
    rules: Rules,
    pipeline: Pipeline,
    thresholds: Thresholds,
    threads: _Threads,
) -> Services:
    """Puts the use cases together."""
    gallery = Gallery(pipeline.dimension, threads.search, threads.gallery)
    live, changes = LiveStreams(), Changes()
    admission = Admission(pipeline, monotonic=clock.monotonic)
    passwords = Passwords(threads.logins)
    sight = Sight(clock, ZoneInfo(settings.time_zone))
    claims = Claims(rules, sight)
    reports = Reports(threads.reports, lambda: admission.full)
    attendance = Attendance(database, rules, sight, changes=changes, reports=reports, clock=clock)
    repeat_minutes, turn = settings.repeat_minutes, reports.reading
    event_log = EventLog(database, sight, changes, repeat_minutes=repeat_minutes, turn=turn)
    looking = database, pipeline, gallery, thresholds, event_log
    faces = database, vault, pipeline, gallery, thresholds
    enrollments = Enrollments(*faces, clock=clock, ended=endings.keep)
    documents = Documents(database, vault, clock, upload_hours=settings.upload_hours)
    return Services(
        accounts=Accounts(database, passwords, live, clock, ended=endings.keep),
        attendance=attendance,
        checkins=CheckIns(
            *looking,
            clock=clock,
            accuracy_m_max=settings.location_accuracy_m_max,
            place_waived=attendance.place_waived,
            admission=admission,
        ),
        corrections=Corrections(database, rules, claims, changes=changes, clock=clock),
        devices=Devices(
            database, live, clock, activation_hours=settings.activation_hours, ended=endings.keep
        ),
        directory=_directory(
            database, live, clock, sight=sight, threads=threads, faces=enrollments
        ),
        documents=documents,
        endings=endings,
        enrollments=enrollments,
        event_log=event_log,
        forensics=Forensics(database, rules, sight, reports=reports),
        kiosks=Kiosks(*looking, clock=clock, admission=admission, fps_max=settings.kiosk_fps_max),
        ledger=ledger,
        months=Months(
            database, attendance, ledger, rules=rules, sight=sight, reports=reports, clock=clock
        ),
        requests=_requests(database, rules, sight, claims, changes=changes, clock=clock),
        rules=rules,
        sessions=_sessions(settings, clock, database, vault=vault, passwords=passwords, live=live),
        upkeep=_upkeep(
            database, sight, clock, documents, settings, enrollments=enrollments, times=times
        ),
        trial=Trial(database, sight, clock, reports=reports),
        live=live,
        clock=clock,
        storage=database,
    )


def _directory(
    database: Database,
    live: LiveStreams,
    clock: Clock,
    *,
    sight: Sight,
    threads: _Threads,
    faces: Enrollments,
) -> Directory:
    return Directory(
        database,
        live,
        clock,
        sight=sight,
        background=threads.background,
        moved=faces.load_gallery,
    )


def _sessions(
    settings: Settings,
    clock: Clock,
    database: Database,
    *,
    vault: Vault,
    passwords: Passwords,
    live: LiveStreams,
) -> Sessions:
    return Sessions(
        database,
        passwords,
        live,
        clock,
        challenge_key=vault.subkey("login-challenge"),
        device_hours=settings.session_hours_device,
        staff_hours=settings.session_hours_staff,
    )


def _upkeep(
    database: Database,
    sight: Sight,
    clock: Clock,
    documents: Documents,
    settings: Settings,
    *,
    enrollments: Enrollments,
    times: Timekeeping,
) -> Upkeep:
    """Returns what the server removes by itself, when its time is over."""
    periods = Periods(settings.fingerprint_days, settings.refusal_days, settings.document_days)
    retention = Retention(database, sight, clock, periods)
    return Upkeep(
        {
            "uploads": documents.sweep,
            "fingerprints": retention.fingerprints,
            "refusals": retention.refusals,
            "documents": retention.documents,
            "faces": partial(enrollments.erase_left, settings.face_days_after_leaving),
            "log": database.fold,
        },
        clock,
        doubt=times.doubt,
    )


def _requests(
    database: Database,
    rules: Rules,
    sight: Sight,
    claims: Claims,
    *,
    changes: Changes,
    clock: Clock,
) -> Requests:
    return Requests(
        database,
        rules,
        sight,
        claims=claims,
        desks=Desks(rules, sight),
        quotas=Quotas(rules, sight),
        changes=changes,
        clock=clock,
    )


def _metrics(settings: Settings, services: Services) -> ExitStack:
    """Shows the gauges, and serves them where the settings say. Raises SettingsInvalid."""
    stack = ExitStack()
    stack.enter_context(metrics.gauges(lambda: _gauges(services)))
    if settings.metrics_listen:
        host, _, port = settings.metrics_listen.rpartition(":")
        try:
            stack.enter_context(metrics.served(host, int(port)))
        except (OSError, ValueError) as error:
            stack.close()
            raise SettingsInvalid(f"metrics_listen {settings.metrics_listen}: {error}") from error
    return stack


def _pipeline(settings: Settings, workers: int) -> Pipeline:
    pack = load_pack(
        settings.models,
        runtime=settings.runtime,
        detect_side=settings.detect_side_pixels,
        calls=workers,
    )
    _check_licence(settings, pack)
    antispoof = None
    if settings.antispoof_models is not None:
        antispoof = load_antispoof(
            settings.antispoof_models, runtime=settings.runtime, calls=workers
        )
    log.info(
        "models_loaded",
        model_version=pack.model_version,
        runtimes=pack.runtimes,
        workers=workers,
        passive_liveness=antispoof is not None,
    )
    return Pipeline(pack, workers=workers, cores=usable_cores(), antispoof=antispoof)


def _check_licence(settings: Settings, pack: Pack) -> None:
    if pack.commercial_use:
        return
    if not settings.accept_noncommercial_models:
        raise SettingsInvalid(
            f"the weights of {settings.models} are for non-commercial research only; set "
            "accept_noncommercial_models = true if that is your use"
        )
    log.warning("noncommercial_models", models=settings.models)


def _gauges(services: Services) -> Mapping[str, float]:
    """Returns what the server's gauges show now, by the names of metrics.GAUGES."""
    checkins, storage = services.checkins, services.storage
    pipeline, gallery, admission = checkins.pipeline, checkins.gallery, checkins.admission
    return {
        "hadir_workers": pipeline.workers,
        "hadir_frames_waiting": pipeline.frames_waiting,
        "hadir_frame_cost_seconds": pipeline.cost.frame_s,
        "hadir_streams_open": len(services.live),
        "hadir_check_ins_open": admission.open,
        "hadir_check_in_places": admission.places,
        "hadir_gallery_people": gallery.snapshot.size,
        "hadir_gallery_version": gallery.snapshot.version,
        "hadir_enrolments_unreadable": len(services.enrollments.unreadable),
        "hadir_storage_writable": storage.writable,
        "hadir_upkeep_success_time_seconds": services.upkeep.success_time_s,
        "hadir_writes_waiting": storage.writes_waiting,
        "hadir_ledger_records": services.ledger.size,
        "hadir_endings_unwritten": services.endings.unwritten,
    }


async def _again(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Runs what never ends by itself, and begins it again where it failed."""
    while True:
        try:
            await work()
        except Exception:  # the top of a task: nobody waits for it, and the server needs it
            metrics.TASK_FAILURES.labels(name).inc()
            log.exception("task_failed", task=name)
        await asyncio.sleep(AGAIN_S)


async def _watch_lag() -> None:
    """Warns when something keeps the event loop from its work."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_TICK_S
        await asyncio.sleep(LAG_TICK_S)
        lag_s = loop.time() - due
        metrics.LOOP_LAG.observe(max(0.0, lag_s))
        if lag_s > LAG_WARNING_S:
            log.warning("event_loop_late", late_ms=round(lag_s * 1e3))


async def _watch_storage(server: RpcServer, storage: Database) -> None:
    """Has work sent elsewhere while nothing can be stored, and here again once something is."""
    serving = True
    while True:
        await asyncio.sleep(STORAGE_TICK_S)
        if not storage.writable and not serving:
            await storage.prove()
        if storage.writable is not serving:
            serving = storage.writable
            log.warning("storage_writable", writable=serving)
            await server.set_serving(serving=serving)
