"""The tree of units: who is below whom, whose head is who, and that it stays a tree."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.model import Unit
from server.domain.units import faults_of, makes_cycle, parents_first, subtree

ANN, BEN = "198501152010011001", "199003032015032002"
#     gubernur          dprd
#     bkd   kominfo
#     mutasi
TREE = [
    Unit("gubernur", "Gubernur", head_nip=BEN),
    Unit("bkd", "BKD", "gubernur", head_nip=ANN),
    Unit("kominfo", "Kominfo", "gubernur"),
    Unit("mutasi", "Bidang Mutasi", "bkd"),
    Unit("dprd", "Sekretariat DPRD", head_nip=ANN),
]
QUICK = settings(deadline=None, max_examples=30)


@st.composite
def forests(draw: st.DrawFn) -> list[Unit]:
    """Any forest: each unit below an earlier one or at the top, in any order."""
    count = draw(st.integers(1, 20))
    units = []
    for number in range(count):
        above = draw(st.integers(-1, number - 1))
        head = draw(st.sampled_from(["", ANN, BEN]))
        units.append(Unit(f"u{number}", "", f"u{above}" if above >= 0 else "", head_nip=head))
    return draw(st.permutations(units))


def chain(units: list[Unit], unit_id: str) -> list[str]:
    """Returns a unit and all above it, from below: the slow way to tell who is below whom."""
    parents = {unit.unit_id: unit.parent_unit_id for unit in units}
    found = [unit_id]
    while parents.get(found[-1]):
        found.append(parents[found[-1]])
    return found


class TestSubtree:
    """What a head sees."""

    @pytest.mark.parametrize(
        ("roots", "below"),
        [
            (["gubernur"], {"gubernur", "bkd", "kominfo", "mutasi"}),
            (["bkd"], {"bkd", "mutasi"}),
            (["mutasi"], {"mutasi"}),
            (["bkd", "mutasi", "dprd"], {"bkd", "mutasi", "dprd"}),
            ([], set()),
            (["pasar"], set()),
            ([""], set()),
        ],
    )
    def test_of_a_small_tree(self, roots: list[str], below: set[str]) -> None:
        """The empty id is not the root of everything."""
        assert below == subtree(TREE, roots)

    @QUICK
    @given(forests(), st.data())
    def test_holds_who_has_a_root_above(self, units: list[Unit], data: st.DataObject) -> None:
        """In any order of the records."""
        ids = [unit.unit_id for unit in units]
        roots = data.draw(st.lists(st.sampled_from(ids), max_size=3))

        assert {one for one in ids if {*chain(units, one)} & {*roots}} == subtree(units, roots)

    def test_ends_on_a_damaged_tree(self) -> None:
        """A cycle that came in by other ways hangs nothing."""
        ring = [Unit("a", "", "c"), Unit("b", "", "a"), Unit("c", "", "b")]

        assert {"a", "b", "c"} == subtree(ring, ["a"])

    def test_a_deep_tree_needs_no_recursion(self) -> None:
        """10,000 levels."""
        units = [Unit(f"u{n}", "", f"u{n - 1}" if n else "") for n in range(10_000)]

        assert 10_000 == len(subtree(units, ["u0"]))


class TestMakesCycle:
    """A unit never stands above itself."""

    @pytest.mark.parametrize(
        ("unit_id", "parent", "cycle"),
        [
            ("gubernur", "mutasi", True),
            ("gubernur", "gubernur", True),
            ("new", "new", True),
            ("bkd", "mutasi", True),
            ("bkd", "kominfo", False),
            ("bkd", "", False),
            ("new", "mutasi", False),
            ("new", "pasar", False),
        ],
    )
    def test_of_a_small_tree(self, unit_id: str, parent: str, cycle: bool) -> None:
        """Moved, moved to the top, new, and below an unknown one."""
        assert cycle == makes_cycle(TREE, Unit(unit_id, "", parent))

    @QUICK
    @given(forests(), st.data())
    def test_is_exactly_a_move_below_oneself(self, units: list[Unit], data: st.DataObject) -> None:
        """And what is let through leaves a forest."""
        unit = data.draw(st.sampled_from(units))
        parent = data.draw(st.sampled_from([other.unit_id for other in units]))
        moved = replace(unit, parent_unit_id=parent)

        cycle = makes_cycle(units, moved)

        assert cycle == (unit.unit_id in chain(units, parent))
        if not cycle:
            after = [moved if one.unit_id == unit.unit_id else one for one in units]
            assert all(len(chain(after, one.unit_id)) <= len(units) for one in units)

    def test_ends_on_a_damaged_tree(self) -> None:
        """A cycle above, of which the unit is no part."""
        ring = [Unit("a", "", "b"), Unit("b", "", "a")]

        assert not makes_cycle(ring, Unit("new", "", "a"))


class TestFaults:
    """What is wrong with units that BKD imports."""

    def faults(self, *some: Unit) -> list[tuple[int, str]]:
        """Returns the faults before the tree above, one site and one employee."""
        return faults_of(some, TREE, site_ids={"kantor"}, nips={ANN})

    @pytest.mark.parametrize(
        ("unit", "fault"),
        [
            (Unit("Biro Umum", "Biro Umum"), "UNIT_ID_INVALID"),
            (Unit("biro", " "), "UNIT_NAME_INVALID"),
            (Unit("biro", "Biro", "nowhere"), "PARENT_UNKNOWN"),
            (Unit("biro", "Biro", site_id="nowhere"), "SITE_UNKNOWN"),
            (Unit("biro", "Biro", head_nip=BEN), "HEAD_UNKNOWN"),
            (Unit("gubernur", "Gubernur", "mutasi"), "UNIT_CYCLE"),
        ],
    )
    def test_named(self, unit: Unit, fault: str) -> None:
        """By its place and a reason."""
        assert (2, fault) in self.faults(Unit("asisten", "Asisten", "gubernur"), unit)

    def test_none(self) -> None:
        """A parent may come later in the list, a unit may be replaced."""
        parent, child = Unit("asisten", "Asisten", "gubernur"), Unit("biro", "Biro", "asisten")

        assert [] == self.faults(child, parent, replace(TREE[1], site_id="kantor", head_nip=ANN))
        assert [parent, child] == parents_first([child, parent])

    def test_twice(self) -> None:
        """Nobody can say which one is meant."""
        assert [(2, "UNIT_TWICE")] == self.faults(Unit("biro", "Biro"), Unit("biro", "Biro lain"))

    def test_a_cycle_within_the_list(self) -> None:
        """Two new units above each other."""
        one, other = Unit("a", "A", "b"), Unit("b", "B", "a")

        assert "UNIT_CYCLE" in {reason for _, reason in self.faults(one, other)}
        with pytest.raises(ValueError, match="above themselves"):
            parents_first([one, other])
