"""Reads LFW-shaped folders and the files of their protocols. Knows no models.

Labelled Faces in the Wild: Huang, Ramesh, Berg and Learned-Miller, UMass Amherst 07-49, 2007.
Images are named `Name_0001`, people by what stands before the last underscore.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

MATCHED_COLUMNS = 3
MISMATCHED_COLUMNS = 4
# Who has so many images is enrolled where no identification file says otherwise.
GALLERY_IMAGES_MIN = 3
GALLERY_PEOPLE_MIN = 2


class LfwInvalid(ValueError):
    """A folder or a protocol file that cannot be used; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two images, whether they show one person, and the fold they belong to (0 for View 1)."""

    first: str
    second: str
    same: bool
    fold: int


@dataclass(frozen=True, slots=True)
class Identification:
    """An open-set search: who is enrolled, and who is searched without being enrolled."""

    gallery: tuple[str, ...]
    impostors: tuple[str, ...]


def find_images(directory: Path) -> dict[str, Path]:
    """Returns image name to file, of DIR/Name/Name_0001.jpg or DIR/images/Name/Name_0001.jpg.

    Sorted by name. Raises LfwInvalid if there are none.
    """
    root = directory / "images" if (directory / "images").is_dir() else directory
    found = {path.stem: path for path in sorted(root.glob("*/*_[0-9]*.jpg"))}
    if not found:
        raise LfwInvalid(f"no images like {root}/Name/Name_0001.jpg")
    return found


def require(images: Mapping[str, Path], names: Iterable[str]) -> None:
    """Raises LfwInvalid if images that a protocol names are not there."""
    missing = sorted(set(names) - set(images))
    if missing:
        raise LfwInvalid(f"{len(missing)} images are missing: {', '.join(missing[:5])} ...")


def person_of(image: str) -> str:
    """Returns whom an image shows: `Al_Pacino` for `Al_Pacino_0002`."""
    return image.rpartition("_")[0]


def by_person(images: list[str]) -> dict[str, list[str]]:
    """Groups sorted image names by person; the order of each person's images is kept."""
    groups: dict[str, list[str]] = defaultdict(list)
    for image in images:
        groups[person_of(image)].append(image)
    return dict(groups)


def parse_pairs(text: str) -> tuple[Pair, ...]:
    """Reads a pairs file of LFW.

    View 1 (pairsDevTest.txt) begins with n: n matched rows, then n mismatched. View 2 (pairs.txt)
    begins with "folds n": that many times n matched and n mismatched rows. Matched rows are
    name, number, number; mismatched are name, number, name, number. Raises LfwInvalid.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    folds, count = _pairs_head(lines[0] if lines else [])
    rows = lines[1:]
    if len(rows) != 2 * folds * count:
        raise LfwInvalid(
            f"pairs file has {len(rows)} rows, its first line says {2 * folds * count}"
        )
    return tuple(
        _pair(row, same=index % (2 * count) < count, fold=index // (2 * count), line=index + 2)
        for index, row in enumerate(rows)
    )


def parse_identification(text: str) -> Identification:
    """Reads rows of `gallery NAME` and `impostor NAME`; `#` begins a comment. Raises LfwInvalid."""
    people: dict[str, list[str]] = {"gallery": [], "impostor": []}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or words[0] not in people:
            raise LfwInvalid(f"line {number}: `gallery NAME` or `impostor NAME` expected: {line!r}")
        people[words[0]].append(words[1])
    return _checked(Identification(tuple(people["gallery"]), tuple(people["impostor"])))


def default_identification(images: list[str]) -> Identification:
    """Enrols who has 3 or more images; who has a single one is the impostor."""
    counts = {person: len(names) for person, names in by_person(images).items()}
    return _checked(
        Identification(
            gallery=tuple(name for name, n in counts.items() if n >= GALLERY_IMAGES_MIN),
            impostors=tuple(name for name, n in counts.items() if n == 1),
        )
    )


def _checked(protocol: Identification) -> Identification:
    if len(protocol.gallery) < GALLERY_PEOPLE_MIN or not protocol.impostors:
        raise LfwInvalid("identification needs two people to enrol and an impostor")
    both = set(protocol.gallery) & set(protocol.impostors)
    if both:
        raise LfwInvalid(f"enrolled and impostor at once: {', '.join(sorted(both))}")
    return protocol


def _pairs_head(words: list[str]) -> tuple[int, int]:
    """Returns (folds, matched rows a fold)."""
    if len(words) not in {1, 2} or not all(word.isdigit() and int(word) for word in words):
        raise LfwInvalid('a pairs file begins with "n" or "folds n"')
    numbers = [int(word) for word in words]
    return (1, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])


def _pair(row: list[str], *, same: bool, fold: int, line: int) -> Pair:
    columns = MATCHED_COLUMNS if same else MISMATCHED_COLUMNS
    numbers = row[1:] if same else row[1::2]
    if len(row) != columns or not all(word.isdigit() for word in numbers):
        kind = "matched" if same else "mismatched"
        raise LfwInvalid(f"pairs file, line {line}: no {kind} row of {columns} columns: {row}")
    second = row[0] if same else row[2]
    return Pair(
        f"{row[0]}_{int(numbers[0]):04}", f"{second}_{int(numbers[1]):04}", same=same, fold=fold
    )
