"""What is counted of a kiosk's visits beside a load."""

import pytest
from hadir.v1 import event_pb2, frame_pb2, kiosk_pb2

from benchmarks.lobby import EMPTY_FRAMES, LobbyTally, lobby_rung
from benchmarks.walker import FRAMES_PER_SECOND, Walk


def result(number, outcome, *faces):
    return kiosk_pb2.FrameResult(frame_number=number, outcome=outcome, faces=faces)


def recognised(event_id):
    return kiosk_pb2.FaceResult(
        state=kiosk_pb2.FACE_STATE_RECOGNISED, event=event_pb2.Event(event_id=event_id)
    )


class TestTally:
    """One visit after the other."""

    def test_visits(self):
        """A visit counts as recognised once, however many frames say so."""
        tally = LobbyTally()
        usable = frame_pb2.FRAME_OUTCOME_USABLE
        seen = [result(EMPTY_FRAMES + n, usable, recognised("a")) for n in (1, 2)]
        tally.add(Walk(results=seen, frames_sent=2), 0.1)
        tally.add(Walk(results=[], frames_sent=0), 0.1)

        assert (2, 1, 2) == (tally.visits, tally.recognised, tally.frames)

    def test_what_was_not_looked_at(self):
        """Overtaken frames; empty views that gave way, which a person's frame never counts as."""
        tally = LobbyTally()
        over = frame_pb2.FRAME_OUTCOME_OVERLOADED
        results = [
            result(1, frame_pb2.FRAME_OUTCOME_NO_FACE),
            result(2, over),
            result(EMPTY_FRAMES, over),
            result(EMPTY_FRAMES + 1, over),
            result(EMPTY_FRAMES + 2, frame_pb2.FRAME_OUTCOME_SUPERSEDED),
        ]
        tally.add(Walk(results=results, frames_sent=5), 1.0)
        rung = lobby_rung("ramp", tally)

        assert (3, 2, 1) == (rung.empty_frames, rung.empty_dropped, rung.superseded)

    @pytest.mark.parametrize(("sent", "held"), [(30, 20), (50, 0), (51, 0)])
    def test_held_back(self, sent, held):
        """What the camera took in ten seconds and nobody sent."""
        tally = LobbyTally()
        tally.add(Walk(frames_sent=sent), 50 / FRAMES_PER_SECOND)

        assert held == tally.held
