"""The comparison with other libraries: its arithmetic, and what it refuses to count."""

import io
import json

import numpy as np
import pytest
from hadir.v1 import kiosk_pb2

from benchmarks.peers import hadir, worker
from benchmarks.peers.command import sheet
from benchmarks.peers.figures import (
    HADIR,
    WARM_UP_SECONDS,
    PeerFailed,
    Run,
    Side,
    parse_report,
    parse_run,
    rate,
    ratio,
    ratios,
)
from benchmarks.peers.process import PeerProcess
from benchmarks.walker import Walk


def side(name, *frames_per_second):
    found = Side(name, "", [], [], [])
    for value in frames_per_second:
        found.add(Run(frames=value, embedded=value, seconds=1.0, latency_ms=1e3 / value))
    return found


class TestRate:
    def test_hadir_counts_embedded_frames_only(self):
        """A frame that was answered without an embedding is no work done."""
        run = Run(frames=100, embedded=90, seconds=2.0, latency_ms=20.0)

        assert 45.0 == rate(run, strict=True)

    def test_every_frame_of_a_peer_counts(self):
        """A doubt is never in Hadir's favour."""
        run = Run(frames=100, embedded=90, seconds=2.0, latency_ms=20.0)

        assert 50.0 == rate(run, strict=False)

    @pytest.mark.parametrize("strict", [True, False])
    @pytest.mark.parametrize(("frames", "embedded"), [(100, 79), (100, 0), (0, 0)])
    def test_mostly_unembedded_frames_are_refused(self, strict, frames, embedded):
        """Whoever skips the work gets no figure."""
        with pytest.raises(PeerFailed, match="frames had their face embedded"):
            rate(Run(frames, embedded, 1.0, 1.0), strict=strict)

    def test_the_side_decides_the_rule(self):
        """Only Hadir is judged strictly."""
        run = Run(frames=10, embedded=9, seconds=1.0, latency_ms=1.0)
        ours, theirs = Side(HADIR, "", [], [], []), Side("other", "", [], [], [])
        ours.add(run)
        theirs.add(run)

        assert ([9.0], [10.0]) == (ours.frames_per_second, theirs.frames_per_second)


class TestRatio:
    def test_is_the_median_of_the_rounds(self):
        """A round in which the machine stumbled for one side does not decide."""
        assert 6.0 == ratio([60, 60, 6], [10, 10, 10])

    def test_compares_within_a_round(self):
        """A slow minute hits both sides, and leaves their ratio alone."""
        assert 5.0 == ratio([100, 50, 10], [20, 10, 2])

    def test_rounds_must_pair_up(self):
        """A lost round must not shift the others."""
        with pytest.raises(ValueError, match="zip"):
            ratio([1, 2], [1])

    def test_has_every_peer_by_name(self):
        """Hadir is compared with all others, not with itself."""
        sides = [side(HADIR, 60, 80), side("slow", 2, 2), side("fast", 30, 40)]

        assert {"slow": 35.0, "fast": 2.0} == ratios(sides)


class TestReport:
    def test_run_is_read(self):
        """What a worker writes becomes a round."""
        line = json.dumps({"frames": 4, "embedded": 3, "seconds": 2.0, "latency_ms": 500.0})

        assert Run(4, 3, 2.0, 500.0) == parse_run(parse_report(line))

    @pytest.mark.parametrize("line", ["", "Traceback", "[1]", "3"])
    def test_what_is_no_report_is_refused(self, line):
        """Noise of a library on stdout is no report."""
        with pytest.raises(PeerFailed, match="no report"):
            parse_report(line)

    @pytest.mark.parametrize("report", [{}, {"frames": 1}, {"frames": None, "embedded": 1}])
    def test_missing_figures_are_refused(self, report):
        """No figure is made up."""
        with pytest.raises(PeerFailed, match="no round"):
            parse_run(report)

    def test_side_tells_its_medians(self):
        """The report has the rounds and what is printed."""
        figures = side("one", 10, 30, 20).as_dict()

        assert 20.0 == figures["frames_per_second_median"]
        assert 50.0 == figures["ms_per_frame"]
        assert [10.0, 30.0, 20.0] == figures["frames_per_second"]

    def test_sheet_has_a_row_for_each_side(self):
        """The command prints everybody who took part, and how much faster Hadir is."""
        rows = sheet([side(HADIR, 10), side("other", 5)]).rows

        assert [(HADIR, "10.0", ""), ("other", "5.0", "2.0 x")] == [
            (row[0], row[1], row[-1]) for row in rows
        ]


class TestHadirsAnswers:
    def walk(self, *states, resumed=False):
        results = [
            kiosk_pb2.FrameResult(faces=[kiosk_pb2.FaceResult(state=s) for s in faces])
            for faces in states
        ]
        return Walk(results=results, round_trips_ms=[10.0] * len(results), resumed=resumed)

    def test_only_usable_faces_are_embedded(self):
        """No face, or one that the gate refused, was not embedded."""
        usable, refused = kiosk_pb2.FACE_STATE_LOOK_AGAIN, kiosk_pb2.FACE_STATE_UNUSABLE

        run = hadir.run_of([self.walk([usable], [], [refused]), self.walk([refused, usable])], 2.0)

        assert Run(frames=4, embedded=2, seconds=2.0, latency_ms=10.0) == run

    def test_a_server_that_stops_spoils_the_round(self):
        """Frames may have been lost."""
        with pytest.raises(PeerFailed, match="stopped"):
            hadir.run_of([self.walk([], resumed=True)], 1.0)

    def test_no_answer_is_no_round(self):
        """Nothing divided by time is not a rate."""
        with pytest.raises(PeerFailed, match="no frame"):
            hadir.run_of([Walk()], 1.0)


class TestWorker:
    def test_measures_and_counts_faces(self):
        """Frames without a face are counted apart."""
        frames = iter([b"face", b"none"] * 100_000)

        report = worker.measure(look, frames, 0.01)

        assert report["frames"] > 1
        assert abs(report["frames"] - 2 * report["embedded"]) <= 1
        assert report["seconds"] >= 0.01

    def test_warms_up_before_each_round(self, tmp_path, monkeypatch):
        """As long as it is told; what comes of it is no report."""
        (tmp_path / "with.py").write_text(
            "def versions(): return 'library 1'\n"
            "def open_peer(models): return lambda jpeg: (9, 9, [])\n"
        )
        asked, reports = [], io.StringIO()

        def measured(_, __, seconds):
            asked.append(seconds)
            return {"seconds": seconds}

        monkeypatch.setattr(worker, "measure", measured)
        order = json.dumps({"do": "measure", "seconds": 8.0, "warm_up_seconds": 1.0})
        orders = io.StringIO(f"{order}\n{order}\n")
        worker.serve(orders, reports, str(tmp_path / "with.py"), str(tmp_path), str(tmp_path))

        _, *lines = reports.getvalue().splitlines()
        assert [1.0, 8.0, 1.0, 8.0] == asked
        assert [8.0, 8.0] == [json.loads(line)["seconds"] for line in lines]

    def test_all_sides_warm_up_alike(self, tmp_path, monkeypatch):
        """A peer is told to warm up as long as Hadir does."""
        asked = []

        def ask(_, order):
            asked.append(order)
            return {"frames": 1, "embedded": 1, "seconds": 1.0, "latency_ms": 1.0}

        monkeypatch.setattr(PeerProcess, "_ask", ask)
        PeerProcess.__new__(PeerProcess).measure(3.0)

        assert [WARM_UP_SECONDS] == [order["warm_up_seconds"] for order in asked]

    def test_central_face_is_the_subject(self):
        """LFW's subject is in the middle, whoever is larger."""
        edge, middle = np.array([1.0]), np.array([2.0])

        found = worker.central((100, 100, [(10, 10, edge), (55, 50, middle)]))

        assert middle == found

    def test_serves_orders(self, tmp_path):
        """Vectors go into a file; an image without a face has zeros."""
        (tmp_path / "with.py").write_text(
            "import numpy as np\n"
            "def versions(): return 'library 1'\n"
            "def open_peer(models):\n"
            "    return lambda b: (9, 9, [(4, 4, np.ones(3))] if b == b'face' else [])\n"
        )
        images = [tmp_path / "a.jpg", tmp_path / "b.jpg"]
        for image, content in zip(images, (b"face", b"none"), strict=True):
            image.write_bytes(content)
        vectors, reports = tmp_path / "vectors.npy", io.StringIO()
        order = {"do": "embed", "images": [str(i) for i in images], "file": str(vectors)}

        worker.serve(
            io.StringIO(json.dumps(order) + "\n"),
            reports,
            str(tmp_path / "with.py"),
            str(tmp_path),
            str(tmp_path),
        )

        opened, done = (json.loads(line) for line in reports.getvalue().splitlines())
        assert {"with": "library 1"} == opened
        assert {"without_face": 1} == done
        assert [[1, 1, 1], [0, 0, 0]] == np.load(vectors).tolist()


def look(jpeg):
    return 10, 10, [(5.0, 5.0, np.ones(2))] if jpeg == b"face" else []
