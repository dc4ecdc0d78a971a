"""The accuracy benchmark without models: its file formats, and its figures on hand-made scores."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import lfw, metrics, protocols
from benchmarks.embedding import Embedded, load_cache, save_cache
from benchmarks.metrics import Search

NAN = float("nan")


def histogram_of(*scores: float) -> metrics.Counts:
    """Counts a few scores."""
    return metrics.histogram(np.array(scores))


def embedded(**vectors: list[float]) -> Embedded:
    """Unit vectors by image name."""
    return Embedded(
        {name: np.array(row, np.float32) / np.linalg.norm(row) for name, row in vectors.items()}, ()
    )


class TestPairs:
    """View 1 and View 2 of LFW."""

    def test_view_1_has_one_fold(self) -> None:
        """The first line says how many matched rows come before as many mismatched."""
        text = "2\nAl_Pacino\t1\t12\nBono\t1\t3\nAl_Pacino\t1\tBono\t2\nBono\t1\tAnn_B\t1\n"

        pairs = lfw.parse_pairs(text)

        assert pairs[0] == lfw.Pair("Al_Pacino_0001", "Al_Pacino_0012", same=True, fold=0)
        assert pairs[2] == lfw.Pair("Al_Pacino_0001", "Bono_0002", same=False, fold=0)
        assert [pair.same for pair in pairs] == [True, True, False, False]

    def test_view_2_has_folds(self) -> None:
        """The first line says folds and rows; each fold is matched, then mismatched."""
        fold = "A\t1\t2\nA\t1\tB\t2\n"

        pairs = lfw.parse_pairs("10\t1\n" + fold * 10)

        assert [pair.fold for pair in pairs] == [fold for fold in range(10) for _ in range(2)]
        assert [pair.same for pair in pairs] == [True, False] * 10

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "begins with"),
            ("A\t1\t2\n", "begins with"),
            ("0\n", "begins with"),
            ("2\nA\t1\t2\n", "1 rows, its first line says 4"),
            ("1\nA\t1\tB\t2\nA\t1\t2\n", "line 2: no matched row"),
            ("1\nA\t1\t2\nA\t1\tB\tx\n", "line 3: no mismatched row"),
        ],
    )
    def test_says_what_is_wrong(self, text: str, message: str) -> None:
        """A damaged file is refused with the place."""
        with pytest.raises(ValueError, match=message):
            lfw.parse_pairs(text)


class TestIdentification:
    """Who is enrolled and who is not."""

    def test_reads_roles_and_comments(self) -> None:
        """Comments and blank lines are skipped."""
        protocol = lfw.parse_identification("# who\ngallery\tA\ngallery B # two\n\nimpostor C\n")

        assert protocol == lfw.Identification(("A", "B"), ("C",))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("gallery A\ngallery B\nprobe C\n", "line 3"),
            ("gallery A\ngallery B\nimpostor\n", "line 3"),
            ("gallery A\nimpostor C\n", "two people"),
            ("gallery A\ngallery B\n", "an impostor"),
            ("gallery A\ngallery B\nimpostor B\n", "at once: B"),
        ],
    )
    def test_says_what_is_wrong(self, text: str, message: str) -> None:
        """A protocol that cannot be run is refused."""
        with pytest.raises(ValueError, match=message):
            lfw.parse_identification(text)

    def test_default_follows_the_number_of_images(self) -> None:
        """Three images: enrolled; one: impostor; two: neither."""
        images = ["A_0001", "A_0002", "A_0003", "B_0001", "B_0002", "C_0001"]
        images += ["D_0001", "D_0002", "D_0003", "D_0004"]

        assert lfw.default_identification(images) == lfw.Identification(("A", "D"), ("C",))


class TestImages:
    """Folders in the shape of LFW."""

    @pytest.mark.parametrize("folder", [".", "images"])
    def test_finds_images_by_name(self, tmp_path: Path, folder: str) -> None:
        """People may lie in the folder itself or in images/; other files are left alone."""
        person = tmp_path / folder / "Al_Pacino"
        person.mkdir(parents=True)
        for name in ("Al_Pacino_0002.jpg", "Al_Pacino_0001.jpg", "notes.txt"):
            (person / name).touch()

        assert list(lfw.find_images(tmp_path)) == ["Al_Pacino_0001", "Al_Pacino_0002"]

    def test_missing_images_are_told(self, tmp_path: Path) -> None:
        """A pair whose image is not there is no pair without a face."""
        with pytest.raises(ValueError, match="1 images are missing: B_0001"):
            lfw.require({"A_0001": tmp_path}, ["A_0001", "B_0001"])

    def test_an_empty_folder_is_refused(self, tmp_path: Path) -> None:
        """There is nothing to measure."""
        with pytest.raises(ValueError, match="no images"):
            lfw.find_images(tmp_path)


class TestVerification:
    """1:1 figures."""

    SCORES = np.array([0.9, 0.8, 0.3, 0.4, 0.2, 0.1])
    SAME = np.array([True, True, True, False, False, False])

    def test_best_threshold_separates_most(self) -> None:
        """One pair of six is wrong, at best."""
        threshold = metrics.best_threshold(self.SCORES, self.SAME)

        assert metrics.accuracy_at(self.SCORES, self.SAME, threshold) == pytest.approx(5 / 6)

    def test_pair_without_a_face_is_wrong(self) -> None:
        """Neither same nor different is right without a score."""
        scores = np.array([0.9, NAN, 0.1, NAN])
        same = np.array([True, True, False, False])

        assert metrics.accuracy_at(scores, same, 0.5) == 0.5
        assert 0.1 < metrics.best_threshold(scores, same) < 0.9

    def test_folds_are_judged_by_the_others(self) -> None:
        """A fold whose scores are shifted fails at the threshold of the others."""
        scores = np.array([0.9, 0.5, 0.9, 0.5, 0.45, 0.1])
        same = np.array([True, False] * 3)
        folds = np.repeat([0, 1, 2], 2)

        accuracy, error = metrics.cross_validated(scores, same, folds)

        # The last fold's own best threshold would get all of its pairs right.
        assert (accuracy, error) == (0.5, 0)

    def test_fnmr_at_fmr(self) -> None:
        """The threshold lies just over the impostors that are too many."""
        impostor = histogram_of(*[0.0] * 98, 0.5, 0.6)
        genuine = histogram_of(0.55, 0.7, 0.8, NAN)

        fnmr, threshold = metrics.fnmr_at_fmr(genuine, impostor, 0.01)

        assert threshold == pytest.approx(0.5, abs=2e-4)
        assert threshold > 0.5
        assert fnmr == pytest.approx(0.25)

    def test_all_pairs_count_once(self) -> None:
        """Of 4 images of 2 people 2 pairs are genuine and 4 are not; no image meets itself."""
        vectors = np.eye(4, dtype=np.float32)
        people = ["A", "A", "B", "B"]

        genuine, impostor = metrics.compare_all(vectors, people, vectors, people, once=True)

        assert (genuine.sum(), impostor.sum()) == (2, 4)

    def test_an_image_without_a_face_is_never_matched(self) -> None:
        """It counts against the own person, and not in favour of different people."""
        vectors = np.array([[1, 0], [0, 0], [1, 0]], np.float32)
        people = ["A", "A", "B"]

        genuine, impostor = metrics.compare_all(vectors, people, vectors, people, once=True)

        assert (genuine[0], genuine.sum(), impostor.sum()) == (1, 1, 1)


class TestSearch:
    """1:N figures."""

    GALLERY = np.eye(3, dtype=np.float32)

    def test_finds_the_nearest_and_the_runner_up(self) -> None:
        """The best score, the second best, and whether the name is right."""
        probes = np.array([[0.8, 0.6, 0], [0.6, 0.8, 0], [0, 0, 0]], np.float32)

        found = metrics.search(probes, ["A", "A", "A"], self.GALLERY, ["A", "B", "C"])

        assert found.best[:2] == pytest.approx([0.8, 0.8])
        assert found.second[:2] == pytest.approx([0.6, 0.6])
        assert found.right.tolist() == [True, False, False]

    def test_threshold_admits_so_many_impostors(self) -> None:
        """1 % of 200 are 2: the third highest is refused."""
        best = np.linspace(0, 0.199, 200)
        impostors = Search(best, best - 0.1, np.zeros(200, bool))

        threshold = metrics.threshold_at_fpir(impostors, 0.01)

        assert metrics.accepted(impostors, threshold).sum() == 2
        assert metrics.threshold_at_fpir(impostors, 1.0) == -1

    def test_margin_refuses_what_is_ambiguous(self) -> None:
        """A runner-up close by makes the answer unknown; so does a probe without a face."""
        searches = Search(
            np.array([0.6, 0.6, NAN]), np.array([0.4, 0.57, NAN]), np.array([True, True, False])
        )

        assert metrics.accepted(searches, 0.5, 0.05).tolist() == [True, False, False]

    def test_enrols_the_first_images_and_searches_the_rest(self) -> None:
        """With 2 of 3 images enrolled, the third is the probe."""
        vectors = embedded(
            A_0001=[1, 0.2, 0],
            A_0002=[1, -0.2, 0],
            A_0003=[1, 0, 0],
            B_0001=[0, 1, 0],
            B_0002=[0, 1, 0.1],
            C_0001=[0, 0, 1],
        )
        protocol = lfw.Identification(("A", "B"), ("C",))

        searches = protocols.identify(vectors, list(vectors.vectors), protocol, 2)

        assert searches.mated.best == pytest.approx([1.0])
        assert searches.mated.right.tolist() == [True]
        assert len(searches.impostors.best) == 1

    def test_a_name_without_images_is_refused(self) -> None:
        """The protocol belongs to another folder then."""
        vectors = embedded(A_0001=[1, 0], B_0001=[0, 1])

        with pytest.raises(ValueError, match="no images of C"):
            protocols.identify(
                vectors, list(vectors.vectors), lfw.Identification(("A", "B"), ("C",)), 1
            )


class TestCalibrate:
    """From scores to a calibration file."""

    def test_takes_the_higher_rate_and_stops_at_30_errors(self) -> None:
        """Means of 3 look more alike than single templates: their rate counts."""
        rng = np.random.default_rng(1)
        single = metrics.histogram(rng.normal(0.0, 0.1, 300_000))
        mean = metrics.histogram(rng.normal(0.05, 0.1, 100_000))
        comparisons = protocols.Comparisons(histogram_of(0.9), single, mean)

        calibration = protocols.calibrate(comparisons, "model-1", "drawn")

        assert calibration.measured_fmr_min == pytest.approx(30 / 100_000)
        assert calibration.points[-1][1] == pytest.approx(30 / 100_000, rel=0.05)
        # The normal distribution has 1.35e-3 beyond 3 standard deviations.
        assert calibration.score_for_fmr(1.35e-3) == pytest.approx(0.05 + 0.3, abs=0.01)
        assert calibration == type(calibration).parse(calibration.to_json())

    def test_interval_of_a_share(self) -> None:
        """Wilson's interval of 0 of 500 reaches to 0.76 %."""
        low, high = metrics.wilson(0, 500)

        assert low == 0
        assert high == pytest.approx(0.0076, abs=1e-4)


class TestCache:
    """Embeddings between runs."""

    def test_is_only_used_for_the_same_run(self, tmp_path: Path) -> None:
        """Another model, size or set of images is embedded anew."""
        path = tmp_path / "cache.npz"
        vectors = Embedded(embedded(A_0001=[1, 0]).vectors, ("B_0001",))

        save_cache(path, "key", vectors)
        loaded = load_cache(path, "key")

        assert loaded is not None
        assert loaded.failed == ("B_0001",)
        assert loaded.matrix(["B_0001", "A_0001"]).tolist() == [[0, 0], [1, 0]]
        assert load_cache(path, "other key") is None
        assert load_cache(tmp_path / "none.npz", "key") is None
