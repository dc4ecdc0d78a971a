"""Keeps the session of each server in a file of its own that only its owner may read."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

import typer

_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it is kept."""

    username: str
    token: str
    expire_time: str

    def ended(self) -> bool:
        """Return whether the session has ended by itself."""
        return datetime.fromisoformat(self.expire_time) <= datetime.now(UTC)


class SessionStore:
    """The session file of one server."""

    def __init__(self, server: str, directory: Path | None = None) -> None:
        directory = directory or Path(typer.get_app_dir("hadirctl")) / "sessions"
        self.path = directory / f"{quote(server, safe='')}.json"

    def load(self) -> Session | None:
        """Return the kept session, also one that has ended; None without a usable one."""
        try:
            session = Session(**json.loads(self.path.read_text(encoding="utf-8")))
            session.ended()
        except (OSError, ValueError, TypeError):
            return None
        return session

    def save(self, session: Session) -> None:
        """Keep a session. The file is never readable by others, not even for a moment."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path.with_suffix(f".{os.getpid()}.tmp")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(session), file)
        draft.replace(self.path)

    def forget(self) -> None:
        """Remove the kept session."""
        self.path.unlink(missing_ok=True)
