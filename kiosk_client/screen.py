"""Shows a person in front of the kiosk what happened: as lines, or as panels on a display.

Knows no network; the words come from wording.py.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol, Self

from rich.align import Align
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from kiosk_client.updates import Answer, CameraTrouble, Ended, Offline, Online
from kiosk_client.wording import FaceView, Wording

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from kiosk_client.updates import Update

# How long a recorded event stays readable after the person walked on.
HOLD_S: Final = 4.0
REFRESHES_PER_SECOND: Final = 4
FACES_MAX: Final = 4


class Screen(Protocol):
    """Shows updates; a context manager around the kiosk's run."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def show(self, update: Update) -> None:
        """Show what happened."""


class LineScreen:
    """For kiosks without a display, logs and tests: one line for each change."""

    def __init__(self, language: str = "id", *, write: Callable[[str], None] = print) -> None:
        self._wording = Wording(language)
        self._write = write
        self._connection = ""
        self._faces: dict[int, FaceView] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def show(self, update: Update) -> None:
        """Write a line, unless it would repeat the last one."""
        match update:
            case Answer(result=result):
                self._show_faces([self._wording.face(face) for face in result.faces])
            case Online():
                self._change(self._wording.online(update), key="online")
            case Offline():
                self._change(self._wording.offline(update), key=f"offline {update.text}")
            case Ended(text=text):
                self._change(f"{self._wording.text('ended')}. {text}", key="ended")
            case CameraTrouble(text=text):
                self._change(f"{self._wording.text('camera')}: {text}", key=f"camera {text}")

    def _change(self, line: str, *, key: str) -> None:
        if key != self._connection:
            self._line(line)
        self._connection = key
        self._faces = {}

    def _show_faces(self, views: list[FaceView]) -> None:
        for view in views:
            if self._faces.get(view.track_number) != view:
                detail = " · ".join(view.detail.splitlines())
                self._line(f"#{view.track_number} {view.title} · {detail}")
        self._faces = {view.track_number: view for view in views}

    def _line(self, line: str) -> None:
        self._write(f"{time.strftime('%H:%M:%S')} {line}")


class PanelScreen:
    """For a display: a big panel for each face, and the connection in the frame around it."""

    def __init__(
        self,
        language: str = "id",
        *,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wording = Wording(language)
        self._clock = clock
        self._offline = ""
        self._camera = ""
        self._connection = self._wording.text("connecting")
        self._faces: list[FaceView] = []
        self._held: dict[str, tuple[FaceView, float]] = {}
        self._live = Live(
            console=console,
            get_renderable=self.render,
            refresh_per_second=REFRESHES_PER_SECOND,
            screen=True,
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, update: Update) -> None:
        """Take an update over; the display follows within a quarter of a second."""
        match update:
            case Answer(result=result):
                self._camera = ""
                self._show_faces([self._wording.face(face) for face in result.faces])
            case Online():
                self._connection, self._offline = self._wording.online(update), ""
            case Offline():
                self._offline = self._wording.offline(update)
                self._forget_faces()
            case Ended(text=text):
                self._offline = f"{self._wording.text('ended')}. {text}"
                self._forget_faces()
            case CameraTrouble(text=text):
                self._camera = f"{self._wording.text('camera')}: {text}"
                self._forget_faces()

    def render(self) -> Panel:
        """Draw what is to be seen now."""
        if alarm := self._camera or self._offline:
            return Panel(
                Align.center(Text(alarm, style="bold white on red"), vertical="middle"),
                title="Hadir",
                border_style="red",
            )
        views = self._visible()
        content = Group(*map(_panel, views)) if views else self._welcome()
        return Panel(content, title="Hadir", subtitle=Text(self._connection), border_style="green")

    def _forget_faces(self) -> None:
        # An old "recorded" beside an alarm would be read as the next person's.
        self._faces, self._held = [], {}

    def _show_faces(self, views: list[FaceView]) -> None:
        until_s = self._clock() + HOLD_S
        self._faces = views
        self._held |= {view.detail: (view, until_s) for view in views if view.recorded}

    def _visible(self) -> list[FaceView]:
        now_s = self._clock()
        self._held = {key: held for key, held in self._held.items() if held[1] > now_s}
        shown = {view.detail for view in self._faces}
        held = [view for view, _ in self._held.values() if view.detail not in shown]
        return [*self._faces, *held][:FACES_MAX]

    def _welcome(self) -> Align:
        return Align.center(Text(self._wording.text("welcome"), style="bold"), vertical="middle")


def _panel(view: FaceView) -> Panel:
    title = Text(view.title, style=f"bold {view.style}", justify="center")
    return Panel(
        Group(title, Text(view.detail, justify="center")), border_style=view.style, padding=(1, 2)
    )
