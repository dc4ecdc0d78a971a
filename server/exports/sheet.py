"""A table as every writer takes it: headings, rows of text and numbers, notes below."""

from dataclasses import dataclass
from decimal import Decimal

Cell = str | int | Decimal


@dataclass(frozen=True, slots=True)
class Column:
    """A heading with a width in characters; numbers stand to the right."""

    heading: str
    width: int
    number: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table.

    above: lines under the title, as the unit and when it was made. notes: what a reader must know,
    below. sign: who signs a print, with the line above the name; empty for nobody.
    """

    title: str
    above: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    sign: tuple[str, ...] = ()
    language: str = "id"
