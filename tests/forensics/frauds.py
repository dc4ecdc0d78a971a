"""Fraud of every kind, planted into an honest province, with who did what."""

from dataclasses import dataclass, replace
from datetime import timedelta

from server.domain.attendance.model import RequestKind
from server.domain.forensics.model import Enrolment, FindingKind
from server.domain.model import EventKind, EventSource
from tests.forensics.office import Abuse, Office
from tests.forensics.province import BEGIN, CLERKS, MODELS, SITES, WORKDAYS, at


@dataclass(frozen=True)
class Case:
    """Something planted: how, which finding shows it, and about whom."""

    name: str
    kind: FindingKind
    nips: frozenset


class Frauds:
    """Plants fraud; nobody takes part in two, unless as a member of staff who gets a permit."""

    def __init__(self, province):
        self.world, self.rng = province, province.rng
        self.cases = []
        people = [one for one in province.people if one.phone_share == 1.0]
        heads = [one for one in province.people if one.head.startswith("1965")]
        heads = province.some(heads, len(heads), len(heads))
        self.heads = heads[:8]  # who grant what they should not
        phones = [one for one in people if one not in heads]
        # The other heads are the first to be taken for whatever employees do.
        self.free = [*province.some(phones, len(phones), len(phones)), *heads[8:]]
        for plant, times in (
            (self.one_phone, 4), (self.rebinding, 2), (self.one_model, 1), (self.hopping, 3),
            (self.fixed_point, 6), (self.ring, 2), (self.clerk_of_the_day, 3),
            (self.jitter, 3), (self.too_exact, 3), (self.mock, 4), (self.leap, 4),
            (self.replay, 5), (self.passed_on, 3), (self.desk, 4),
            (self.very_late, 3), (self.often_late, 3), (self.month_end, 3),
            (self.own_delegate, 3), (self.sick_letter, 2), (self.old_letter, 2),
            (self.endless_trip, 1), (self.generous, 2), (self.swapped, 3),
        ):  # fmt: skip
            for _ in range(times):
                plant()
        Abuse(self, Office(province)).plant()
        # Others are enrolled again as they are: with a beard, or in better light.
        for number, person in enumerate(province.people[:30]):
            self.enrol(person, number, 0.55 + number / 100)

    def take(self, low, high):
        """New culprits, of one time-honoured honesty until now."""
        count = int(self.rng.integers(low, high + 1))
        return [self.free.pop() for _ in range(count)]

    def note(self, name, kind, people):
        """Remembers a case."""
        self.cases.append(Case(name, kind, frozenset(one.nip for one in people)))

    def name(self, name, kind, account):
        """Remembers a case about who did it."""
        self.cases.append(Case(name, kind, frozenset({account})))

    def period(self, low, high):
        """Some workdays in a row: low to high of them."""
        count = int(self.rng.integers(low, high + 1))
        start = int(self.rng.integers(0, len(WORKDAYS) - count + 1))
        return WORKDAYS[start : start + count]

    def change(self, person, days, share, how):
        """Changes part of somebody's phone check-ins of those days."""
        mine = self.world.sightings[person.nip]
        for k, one in enumerate(mine):
            if one.source is EventSource.PHONE and one.day in days and self.rng.random() < share:
                mine[k] = replace(one, **how(one))

    def enrol(self, person, day, similarity):
        """A face takes the place of the one before."""
        moment = at(BEGIN + timedelta(day), 540)
        self.world.enrolments.append(Enrolment(person.nip, moment, CLERKS[1], similarity, 0.42))

    # --- one phone for many

    def one_phone(self):
        """A clerk's phone is logged in for two to twelve, in turns: each login is another device."""
        people, days = self.take(2, 12), set(self.period(6, 43))
        phone = self.world.id("handset")
        for person in people:
            self.change(
                person, days, 0.8, lambda one: {"device_id": self.world.id("dev"), "handset": phone}
            )
        self.note("one phone", FindingKind.DEVICE_SHARED, people)

    def rebinding(self):
        """Accounts move to other phones in one sitting."""
        people = self.take(7, 15)
        moment = at(WORKDAYS[int(self.rng.integers(3, 40))], self.rng.uniform(480, 900))
        for person in people:
            moment += timedelta(seconds=float(self.rng.uniform(20, 55)))
            self.world.change_phone(person, moment, actor=CLERKS[0])
        self.note("rebinding", FindingKind.ACTIVATION_CLUSTER, people)

    def one_model(self):
        """On the day of socialisation a clerk activates many accounts on phones from one box."""
        people = self.take(9, 14)
        nips = {one.nip for one in people}
        bindings = self.world.bindings
        bindings[:] = [one for one in bindings if one.nip not in nips]
        moment = at(BEGIN - timedelta(1), 600)
        model = [*MODELS][int(self.rng.integers(2, 14))]
        for person in people:
            moment += timedelta(seconds=float(self.rng.uniform(20, 60)))
            self.world.bind(person.nip, person.device, moment, CLERKS[0], model)
        self.note("one model", FindingKind.ACTIVATION_CLUSTER, people)

    def hopping(self):
        """An account goes to a colleague's phone and back, again and again."""
        (person,) = self.take(1, 1)
        start = int(self.rng.integers(0, 30))
        for day in range(start, start + 28, int(self.rng.integers(4, 8))):
            self.world.change_phone(person, at(BEGIN + timedelta(day), 600))
        self.note("hopping", FindingKind.REBOUND_OFTEN, [person])

    # --- places

    def fixed_point(self):
        """A fake GPS that knows one point."""
        (person,) = self.take(1, 1)
        place = self.world.place(
            person.site, self.rng.normal(0, 30, 2), int(self.rng.choice([5, 6, 7, 14]))
        )
        accuracy = float(self.rng.choice([1.0, 5.0, 12.345, 20.0]))
        share = self.rng.uniform(0.45, 1)
        self.change(
            person, self.period(12, 43), share, lambda one: {"place": place, "accuracy_m": accuracy}
        )
        self.note("fixed point", FindingKind.COORDINATE_REPEATED, [person])

    def ring(self):
        """The same point for all who pay."""
        people = self.take(3, 12)
        place = self.world.place(people[0].site, self.rng.normal(0, 30, 2), 7)
        for person in people:
            share = self.rng.uniform(0.5, 1)
            self.change(person, self.period(12, 43), share, lambda one: {"place": place})
        self.note("ring", FindingKind.COORDINATE_SHARED, people)

    def clerk_of_the_day(self):
        """A new point every day, the same for a few."""
        people, days = self.take(3, 10), self.period(5, 30)
        spots = {day: self.rng.normal(0, 30, 2) for day in days}
        site = people[0].site
        for person in people:
            self.change(
                person, days, 0.85, lambda one: {"place": self.world.place(site, spots[one.day], 7)}
            )
        self.note("clerk of the day", FindingKind.COORDINATE_SHARED, people)

    def jitter(self):
        """A better fake, with some noise."""
        (person,) = self.take(1, 1)
        middle, spread = self.rng.normal(0, 30, 2), self.rng.uniform(0.2, 0.9)
        days = self.period(38, 43)
        self.change(
            person,
            days,
            0.98,
            lambda one: {
                "place": self.world.place(person.site, self.rng.normal(middle, spread), 7),
                "accuracy_m": 8.0,
            },
        )
        self.note("jitter", FindingKind.FIX_TOO_STEADY, [person])

    def too_exact(self):
        """Centimetres, on a phone."""
        (person,) = self.take(1, 1)
        days, share = self.period(10, 43), self.rng.uniform(0.6, 1)
        self.change(
            person, days, share, lambda one: {"accuracy_m": round(self.rng.uniform(0.01, 0.9), 2)}
        )
        self.note("too exact", FindingKind.ACCURACY_TOO_GOOD, [person])

    def mock(self):
        """Tries a mock location until it learns to hide it."""
        (person,) = self.take(1, 1)
        for day in self.world.some(WORKDAYS, 3, 10):
            self.world.refuse(person, day, at(day, 445))
        self.note("mock", FindingKind.MOCK_LOCATION, [person])

    def leap(self):
        """Checked in here by phone, and minutes later by somebody else over the strait."""
        (person,) = self.take(1, 1)
        far = "ternate" if person.site != "ternate" else "gubernur"
        for day in self.world.some(WORKDAYS, 1, 4):
            mine = self.world.sightings[person.nip]
            here = [one for one in mine if one.day == day and one.kind is EventKind.IN]
            at_home = self.world.place(person.site, (0, 0), 7)
            here = here or [replace(mine[0], day=day, event_time=at(day, 440), place=at_home)]
            later = here[0].event_time + timedelta(minutes=float(self.rng.uniform(2, 8)))
            # From wherever the phone said; a traveller is over there already.
            two = {"place": SITES[far], "event_time": later, "accuracy_m": 50.0}
            one = replace(here[0], place=at_home, accuracy_m=10.0)
            mine[:] = [each for each in mine if each.event_id != one.event_id]
            mine += [replace(one, event_id=self.world.id("ev")),
                     replace(one, event_id=self.world.id("ev"), **two)]  # fmt: skip
        self.note("leap", FindingKind.IMPOSSIBLE_TRAVEL, [person])

    # --- pictures

    def replay(self):
        """A few recordings instead of a face, encoded anew each time."""
        (person,) = self.take(1, 1)
        tapes = [self.world.hash() for _ in range(int(self.rng.integers(1, 6)))]
        share = self.rng.uniform(0.6, 1)
        self.change(person, self.period(15, 43), share, lambda one: {"frame": self.tape(tapes)})
        self.note("replay", FindingKind.FRAME_REUSED, [person])

    def tape(self, tapes):
        """One of the recordings; an encoder changes a bit of the hash, seldom two."""
        return self.world.noisy(tapes[int(self.rng.integers(len(tapes)))], 0.005)

    def passed_on(self):
        """The same recording under several names."""
        people, days = self.take(2, 6), self.period(6, 25)
        tapes = [self.world.hash() for _ in range(3)]
        for person in people:
            self.change(person, days, 0.6, lambda one: {"frame": self.tape(tapes)})
        self.note("passed on", FindingKind.FRAME_SHARED, people)

    def desk(self):
        """A colleague takes many phones through the morning, before one wall."""
        people, days = self.take(4, 12), self.period(10, 43)
        wall = self.world.hash()
        for day in days:
            moment = at(day, self.rng.normal(440, 8))
            for person in self.world.some(people, len(people), len(people)):
                moment += timedelta(seconds=float(self.rng.uniform(25, 70)))
                how = {"background": self.world.noisy(wall, 0.025), "event_time": moment}
                mine = self.world.sightings[person.nip]
                for k, one in enumerate(mine):
                    came = one.day == day and one.kind is EventKind.IN
                    if came and one.source is EventSource.PHONE and self.rng.random() < 0.8:
                        mine[k] = replace(one, **how)
        self.note("desk", FindingKind.BACKGROUND_SHARED, people)

    # --- permits

    def very_late(self):
        """A permit long after the absence."""
        (person,) = self.take(1, 1)
        self.late(person, RequestKind.IZIN, 12, 40, 1)
        self.note("very late", FindingKind.PERMIT_RETROACTIVE, [person])

    def often_late(self):
        """Every absence is mended some days afterwards."""
        (person,) = self.take(1, 1)
        self.late(person, RequestKind.SAKIT, 4.5, 9, int(self.rng.integers(6, 10)))
        self.note("often late", FindingKind.PERMIT_RETROACTIVE, [person])

    def late(self, person, kind, low, high, count):
        """Permits that come so many days too late."""
        for _ in range(count):
            day = WORKDAYS[int(self.rng.integers(20))]
            self.world.permit(person, kind, day, day, at(day, 1440 * self.rng.uniform(low, high)))

    def month_end(self):
        """A head mends the month of half the office in one sitting."""
        head = self.heads.pop()
        staff = self.world.some((p for p in self.world.people if p.head == head.nip), 8, 15)
        moment = at(WORKDAYS[int(self.rng.choice([22, 42]))], 900)
        for person in staff:
            moment += timedelta(seconds=float(self.rng.uniform(10, 60)))
            day = WORKDAYS[int(self.rng.integers(3, 17))]
            kind = RequestKind.IZIN if self.rng.random() < 0.6 else RequestKind.LATE_REASON
            handed = min(moment, at(day, 1440 * 9))
            self.world.permit(person, kind, day, day, handed, decide_time=moment)
        self.note("month end", FindingKind.PERMIT_BULK, staff)

    def own_delegate(self):
        """A head asks the head above, whose deputy (Plh.) that day is one of the head's people."""
        head = self.heads.pop()
        deputy = next(p for p in self.world.people if p.head == head.nip)
        day = WORKDAYS[int(self.rng.integers(5, 35))]
        self.world.permit(
            head, RequestKind.IZIN, day, day, at(day, 400),
            approver=deputy.nip, delegate_of=head.head, subordinate=True,
        )  # fmt: skip
        self.note("own delegate", FindingKind.PERMIT_SELF, [head])

    def sick_letter(self):
        """One doctor's letter makes several people ill."""
        people, letter = self.take(3, 8), (self.world.id("sha"),)
        for person in people:
            day = WORKDAYS[int(self.rng.integers(5, 35))]
            self.world.permit(person, RequestKind.SAKIT, day, day, at(day, 400), documents=letter)
        self.note("sick letter", FindingKind.DOCUMENT_SHARED, people)

    def old_letter(self):
        """One letter serves again and again."""
        (person,), letter = self.take(1, 1), (self.world.id("sha"),)
        for day in self.world.some(WORKDAYS[:35], 3, 6):
            self.world.permit(person, RequestKind.IZIN, day, day, at(day, 400), documents=letter)
        self.note("old letter", FindingKind.DOCUMENT_SHARED, [person])

    def endless_trip(self):
        """A surat tugas of the first week still sends people in the eighth."""
        people, letter = self.take(3, 6), (self.world.id("sha"),)
        for person in people:
            for day in (WORKDAYS[1], WORKDAYS[20], WORKDAYS[38]):
                self.world.permit(
                    person, RequestKind.TUGAS_LUAR, day, day, at(day, -400), documents=letter
                )
        self.note("endless trip", FindingKind.DOCUMENT_SHARED, people)

    def generous(self):
        """A head grants several times what others grant, each time in good time."""
        head = self.heads.pop()
        staff = [p for p in self.world.people if p.head == head.nip]
        for _ in range(max(15, round(len(staff) * self.rng.uniform(1.5, 3)))):
            day = WORKDAYS[int(self.rng.integers(35))]
            (person,) = self.world.some(staff, 1, 1)
            self.world.permit(person, RequestKind.IZIN, day, day, at(day, -400))
        self.note("generous", FindingKind.APPROVER_OUTLIER, [head])

    def swapped(self):
        """A clerk enrols another face for somebody who stays away, and the own one later."""
        person = self.free.pop()
        for day, similarity in ((8, 0.11), (22, 0.07)):
            self.enrol(person, day, similarity)
        self.note("swapped", FindingKind.ENROLMENT_REPLACED, [person])
