"""A province of honest people for 60 days, with all that looks like fraud and is none. Seeded.

Simulated: scatter, habits and paperwork are assumptions, written where they are made.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import numpy as np

from server.domain.attendance.model import RequestKind, RequestState
from server.domain.forensics.model import (
    Binding,
    Employee,
    Permit,
    Records,
    Refusal,
    Sighting,
)
from server.domain.model import BindingAction, EventKind, EventSource
from server.domain.refusal import Refusal as Reason

PEOPLE, DAYS, UNITS = 1_000, 60, 15
BEGIN = date(2026, 3, 2)  # a Monday
WORKDAYS = [day for day in (BEGIN + timedelta(d) for d in range(DAYS)) if day.weekday() < 5]
WIT = timedelta(hours=9)
DEGREE_M = 111_195.0
SITES = {
    "gubernur": (0.7366, 127.5619),
    "jalan-40": (0.7421, 127.5702),
    "posko": (0.7288, 127.5555),  # a dozen people
    "ternate": (0.7906, 127.3842),  # over the strait, 21 km
}
JAKARTA, MANADO = (-6.1754, 106.8272), (1.4748, 124.8421)
SUPERIOR = "196501011990011001"
CLERKS = ("bkd-ani", "bkd-budi")
# Market shares, the largest first: a third of the phones is of three models.
MODELS = {f"model-{k}": 1 / (k + 2) for k in range(14)}


@dataclass
class Person:
    """How somebody's days look. scatter in metres; *_bits: chance that a bit of a hash differs."""

    nip: str
    unit: str
    head: str
    site: str
    device: str
    model: str
    phone_share: float  # of the check-ins; the others are at the kiosk
    spot: tuple  # metres north and east of the site's middle
    scatter: float
    decimals: int
    accuracy: str
    wifi: float  # part of the fixes that are an access point's
    arrives: float  # minutes after midnight
    wall: int
    frame_bits: tuple  # lowest and highest, of one shot
    room_bits: float
    away: set = field(default_factory=set)


@cache
def midnight(day):
    """The beginning of a local day, in UTC."""
    return datetime.combine(day, time(), UTC) - WIT


def at(day, minutes):
    """The moment of local minutes after midnight, in UTC."""
    return midnight(day) + timedelta(minutes=float(minutes))


def claimed(person, metres):
    """What a phone says of its accuracy: some round it, some always say the same."""
    return {
        "float": metres.round(3),
        "whole": metres.round(),
        "constant": np.full(len(metres), 10.0),
        "clamped": np.maximum(3.9, (metres - 6).round(1)),
    }[person.accuracy].tolist()


class Province:
    """Builds the records; frauds.py changes some of them afterwards."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.serial = 0
        self.bindings, self.refusals, self.permits, self.enrolments = [], [], [], []
        self.corrections, self.voids, self.backdatings = [], [], []
        self.people = self._people()
        self.by_nip = {person.nip: person for person in self.people}
        self.walls = {site: [self.hash() for _ in range(7)] for site in (*SITES, "elsewhere")}
        self.anchors = {site: self._anchors(site) for site in SITES}
        self._onboard()
        self._phones()
        self._mocks()
        self._paper()
        self.sightings = defaultdict(list)
        for person in self.people:
            self.sightings[person.nip] = self._days(person)
        self._car_pools()
        self._trips()

    def records(self):
        """Everything, shuffled: nothing may depend on the order. To be called once."""
        self._repeats()
        seen = [one for mine in self.sightings.values() for one in mine]
        order = self.rng.permutation(len(seen))
        employees = [Employee(one.nip, one.unit, one.head) for one in self.people]
        return Records(
            tuple(seen[k] for k in order),
            tuple(self.bindings),
            tuple(self.refusals),
            tuple(self.permits),
            tuple(employees),
            tuple(self.enrolments),
            *map(tuple, (self.corrections, self.voids, self.backdatings)),
        )

    # --- small tools, used by the frauds as well

    def id(self, prefix):
        """A new id."""
        self.serial += 1
        return f"{prefix}-{self.serial:06d}"

    def hash(self):
        """64 random bits."""
        return int(self.rng.integers(0, 2**64, dtype=np.uint64))

    def noisy(self, base, chance):
        """The hash with each bit changed by chance."""
        return int(self.flipped(base, chance, 1)[0])

    def flipped(self, base, chance, count=None):
        """Copies of a hash with each bit changed by chance (one number, or one a copy)."""
        chances = np.broadcast_to(chance, count or len(chance))
        flips = np.packbits(self.rng.random((len(chances), 64)) < chances[:, None], axis=1)
        return flips.view(np.uint64)[:, 0] ^ np.uint64(base)

    def some(self, items, low, high):
        """A few of the items: low to high of them, in random order."""
        items = list(items)
        count = min(len(items), int(self.rng.integers(low, high + 1)))
        return [items[k] for k in self.rng.permutation(len(items))[:count]]

    def place(self, site, metres, decimals):
        """A coordinate so many metres north and east of a site, as a phone writes it."""
        latitude, longitude = site if isinstance(site, tuple) else SITES[site]
        north, east = metres[0] / DEGREE_M, metres[1] / DEGREE_M
        return (round(latitude + north, decimals), round(longitude + east, decimals))

    def bind(self, nip, device, moment, actor, model):
        """An activation."""
        made = BindingAction.BOUND
        self.bindings.append(Binding(nip, device, made, moment, actor, model))

    def permit(self, person, kind, first, last, submitted, **more):
        """An accepted permit, decided by the person's head unless `more` says otherwise."""
        values = {
            "state": RequestState.ACCEPTED,
            "decide_time": self._desk(submitted),
            "approver": person.head,
            "documents": (self.id("sha"),),
        } | more
        made = Permit(
            self.id("req"), person.nip, person.unit, kind, first, last, submitted, **values
        )
        self.permits.append(made)
        return made

    def model(self):
        """A model of phone by market share."""
        shares = np.array([*MODELS.values()])
        return str(self.rng.choice([*MODELS], p=shares / shares.sum()))

    def _desk(self, moment):
        """Heads empty their desk on two mornings a week, all within minutes."""
        day = (moment + WIT).date() + timedelta(1)
        while day.weekday() not in {0, 3}:
            day += timedelta(1)
        return at(day, 540 + self.rng.uniform(0, 8))

    # --- people and phones

    def _people(self):
        rng = self.rng
        sizes = rng.multinomial(PEOPLE - 12 * UNITS, rng.dirichlet(np.full(UNITS, 3.0))) + 12
        sites = ["posko", "ternate", *rng.choice(["gubernur", "jalan-40"], UNITS - 2)]
        sizes[1:] += np.r_[sizes[0] - 12, np.zeros(UNITS - 2, int)]
        sizes[0] = 12
        people = []
        for number, size in enumerate(sizes):
            head = ""
            for _ in range(size):
                nip = f"19800101200501{len(people):04d}"
                people.append(self._person(nip, f"unit-{number}", head or SUPERIOR, sites[number]))
                head = head or nip
        return people

    def _person(self, nip, unit, head, site):
        rng = self.rng
        stand = rng.random() < 0.1  # puts the phone on the desk
        # One office of the trial and the posko have a holder for the phone before the wall.
        holder = unit in {"unit-0", "unit-2"}
        wifi = rng.uniform(0.05, 0.3) if rng.random() < 0.25 else 0.0
        if rng.random() < 0.005:
            wifi = 1.0  # GPS is off to save the battery
        return Person(
            nip=nip,
            unit=unit,
            head=head,
            site=site,
            device=self.id("dev"),
            model=self.model(),
            phone_share=float(rng.choice([1.0, 0.9, 0.0], p=[0.65, 0.15, 0.2])),
            spot=tuple(rng.normal(0, 25, 2)),
            scatter=float(rng.uniform(2.5, 9)),
            # As doubles, rounded by the receiver or by the phone's maker.
            decimals=int(rng.choice([14, 7, 6, 5, 4], p=[0.4, 0.42, 0.12, 0.05, 0.01])),
            accuracy=str(
                rng.choice(["float", "whole", "constant", "clamped"], p=[0.5, 0.2, 0.15, 0.15])
            ),
            wifi=wifi,
            arrives=float(rng.normal(440, 12)),
            wall=0 if holder else int(rng.choice(7, p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05])),
            # Measured on shots from one stand: median 12 to 16 bits, 1 % up to 3.
            frame_bits=(0.05, 0.18) if stand else (0.1, 0.2),
            room_bits=0.015 if holder else float(rng.uniform(0.08, 0.2)),
        )

    def _anchors(self, site):
        """Where access points say that they are: exactly there, for everybody."""
        spots = self.rng.normal(0, 30, (5, 2))
        return [self.place(site, spot, 7) for spot in spots]

    def _onboard(self):
        """The day of socialisation: whole units in a row, a minute or two each, one clerk."""
        for k, unit in enumerate(sorted({person.unit for person in self.people})):
            moment = at(BEGIN - timedelta(7 - k % 5), 480 + 30 * (k // 5))
            for person in (one for one in self.people if one.unit == unit):
                moment += timedelta(seconds=float(self.rng.uniform(40, 130)))
                clerk = CLERKS[k % 2]
                self.bind(person.nip, person.device, moment, clerk, person.model)

    def _phones(self):
        """Phones break and are handed on; one update breaks the key store of a model."""
        rng = self.rng
        self.phones = defaultdict(list)  # by nip: (from when, device)
        for person in self.some(self.people, 80, 90):
            for day in sorted(self.some(range(2, 55), 1, 3 if rng.random() < 0.05 else 1)):
                self.change_phone(person, at(BEGIN + timedelta(day), rng.uniform(480, 900)))
        for giver, taker in np.array(self.some(self.people, 20, 20)).reshape(-1, 2):
            day = BEGIN + timedelta(int(rng.integers(5, 50)))
            old = self.device_on(giver.nip, at(day, 480))
            self.change_phone(giver, at(day, 500))
            self.change_phone(taker, at(day, 900), device=old)
        moment = at(WORKDAYS[20], 480)
        broken = max(MODELS, key=MODELS.get)
        for person in self.some((p for p in self.people if p.model == broken), 20, 30):
            moment += timedelta(minutes=float(rng.uniform(4, 9)))
            self.change_phone(person, moment, model=broken)

    def change_phone(self, person, moment, *, device="", model="", actor=""):
        """BKD revokes the old phone and activates another one."""
        device = device or self.id("dev")
        old = self.device_on(person.nip, moment)
        actor = actor or CLERKS[int(self.rng.integers(2))]
        revoked = Binding(person.nip, old, BindingAction.REVOKED, moment, actor, person.model)
        self.bindings.append(revoked)
        self.bind(person.nip, device, moment, actor, model or self.model())
        self.phones[person.nip].append((moment, device))

    def device_on(self, nip, moment):
        """Which phone somebody has."""
        if nip not in self.phones:
            return self.by_nip[nip].device
        had = [one for one in self.phones[nip] if one[0] <= moment]
        return max(had)[1] if had else self.by_nip[nip].device

    def _mocks(self):
        """A forgotten developer option: refused, tried again, on a day or two."""
        for person in self.some(self.people, 20, 25):
            for day in self.some(WORKDAYS, 1, 2):
                for retry in range(int(self.rng.integers(1, 6))):
                    self.refuse(person, day, at(day, 440 + retry))

    def refuse(self, person, day, moment):
        """A mock location."""
        device = self.device_on(person.nip, moment)
        mock = Reason.MOCK_LOCATION
        self.refusals.append(Refusal(person.nip, device, mock, day, moment))

    # --- days

    def _days(self, person):
        rng = self.rng
        count = 2 * len(WORKDAYS)
        phone = (rng.random(count) < person.phone_share).tolist()
        minutes = np.empty(count)
        minutes[::2] = rng.normal(person.arrives, 9, count // 2)
        minutes[1::2] = 960 + rng.exponential(12, count // 2)
        metres = rng.normal(0, person.scatter, (count, 2)) + person.spot
        degrees = np.round(SITES[person.site] + metres / DEGREE_M, person.decimals).tolist()
        # A phone that knows no better repeats its last fix.
        cached = (rng.random(count) < 0.02).tolist()
        wifi = (rng.random(count) < person.wifi).tolist()
        anchors = rng.choice(5, count, p=[0.4, 0.25, 0.15, 0.1, 0.1]).tolist()
        base = self.hash()
        wall = self.walls[person.site][person.wall]
        elsewhere = rng.random(count) < 0.3
        fresh = rng.integers(0, 2**64, (2, count), dtype=np.uint64)
        shake = rng.uniform(*person.frame_bits, count)
        frames = np.where(elsewhere, fresh[0], self.flipped(base, shake)).tolist()
        rooms = np.where(elsewhere, fresh[1], self.flipped(wall, person.room_bits, count)).tolist()
        kiosk = self.flipped(self.walls[person.site][0], 0.03, count).tolist()
        slow = rng.normal(0, 40, count).tolist()
        accuracies = claimed(person, person.scatter * 1.3 + rng.exponential(3, count))
        plain = (rng.random(count) < 0.25).tolist()
        seen, last = [], None
        for k in range(count):
            day = WORKDAYS[k // 2]
            if day in person.away:
                continue
            kind = EventKind.OUT if k % 2 else EventKind.IN
            moment = at(day, minutes[k])
            if not phone[k]:
                seen.append(self._kiosk(person, day, moment, kind, kiosk[k]))
                continue
            place, accuracy = tuple(degrees[k]), accuracies[k]
            if wifi[k]:
                place, accuracy = self.anchors[person.site][anchors[k]], 20.0
            elif cached[k] and last:
                place, accuracy = last
            last = (place, accuracy)
            told = moment + timedelta(seconds=slow[k])
            device = self.device_on(person.nip, moment)
            seen.append(
                Sighting(
                    self.id("ev"), person.nip, person.unit, device, kind, EventSource.PHONE,
                    day, moment, told, person.site, place, accuracy,
                    frame=frames[k], background=None if plain[k] else rooms[k],
                )
            )  # fmt: skip
        return seen

    def _kiosk(self, person, day, moment, kind, picture):
        site = person.site
        return Sighting(
            self.id("ev"), person.nip, person.unit, f"kiosk-{site}", kind, EventSource.KIOSK,
            day, moment, moment, site, SITES[site], 50.0,
            frame=picture, background=picture,
        )  # fmt: skip

    def _car_pools(self):
        """Two to four colleagues arrive together, and take their selfies at the same wall."""
        for unit in sorted({person.unit for person in self.people}):
            mates = [p for p in self.people if p.unit == unit and p.phone_share]
            for _ in range(3):
                pool = self.some(mates, 2, 4)
                moments = {day: self.rng.normal(pool[0].arrives, 9) for day in WORKDAYS}
                for person in pool:
                    self._together(person, moments, self.walls[person.site][pool[0].wall])

    def _together(self, person, moments, wall):
        mine = self.sightings[person.nip]
        rooms = self.flipped(wall, person.room_bits, len(mine)).tolist()
        later = self.rng.uniform(0, 4, len(mine)).tolist()
        for k, one in enumerate(mine):
            if one.kind is EventKind.IN and one.source is EventSource.PHONE:
                moment = at(one.day, moments[one.day] + later[k])
                mine[k] = replace(one, event_time=moment, background=one.background and rooms[k])

    def _repeats(self):
        """Answers get lost: the same event again, or another one with the same picture."""
        for mine in self.sightings.values():
            for one in self.some(mine, 0, 2):
                mine.append(one)
                if self.rng.random() < 0.4 and one.source is EventSource.PHONE:
                    later = one.event_time + timedelta(seconds=float(self.rng.uniform(20, 280)))
                    mine.append(replace(one, event_id=self.id("ev"), event_time=later))

    # --- permits, absences and trips

    def _paper(self):
        """Letters as people hand them in: before, on the day, on their return, some late."""
        self.travellers = []
        for unit in sorted({person.unit for person in self.people}):
            staff = [person for person in self.people if person.unit == unit]
            often = float(self.rng.lognormal(0, 0.35))
            flu = 2.5 if unit == "unit-3" else 1.0
            for person in staff:
                self._letters(person, often, flu)
            self._teams(staff)
        self._invitations()
        self._second_thoughts()
        self._delegates()

    def _letters(self, person, often, flu):
        rng = self.rng
        for _ in range(rng.poisson(0.35 * often * flu)):
            first = WORKDAYS[int(rng.integers(len(WORKDAYS) - 6))]
            last = first + timedelta(int(rng.integers(0, 4)))
            late = rng.choice([-0.5, 1.3, 2.5, 6.0], p=[0.55, 0.25, 0.17, 0.03])
            submitted = at(last, 1440 * (late + rng.uniform(0, 0.9)))
            self.permit(person, RequestKind.SAKIT, first, last, submitted)
            person.away |= {first + timedelta(k) for k in range((last - first).days + 1)}
        for kind, rate, early in ((RequestKind.IZIN, 0.3, 2), (RequestKind.LATE_REASON, 0.5, 0)):
            for _ in range(rng.poisson(rate * often)):
                day = WORKDAYS[int(rng.integers(len(WORKDAYS) - 6))]
                late = rng.uniform(1, 4) if rng.random() < 0.08 else -rng.uniform(0, early)
                self.permit(person, kind, day, day, at(day, 600 + 1440 * late))
                if kind is RequestKind.IZIN:
                    person.away.add(day)

    def _teams(self, staff):
        """One surat tugas for a team; some are signed when everybody is back."""
        for _ in range(int(self.rng.integers(1, 4))):
            team = self.some(staff, 4, 14)
            first = WORKDAYS[int(self.rng.integers(3, len(WORKDAYS) - 8))]
            last = first + timedelta(int(self.rng.integers(0, 4)))
            late = self.rng.uniform(1.2, 4) if self.rng.random() < 0.25 else -3
            letter = (self.id("sha"),)
            submitted = at(last, 600 + 1440 * late)
            decided = self._desk(submitted)
            for person in team:
                self.permit(
                    person, RequestKind.TUGAS_LUAR, first, last, submitted,
                    documents=letter, decide_time=decided,
                )  # fmt: skip
                self.travellers.append((person, first, last))

    def _invitations(self):
        """A colleague's funeral, and the posko's rota: many names on one paper."""
        for unit in ("unit-4", "unit-5"):
            day = WORKDAYS[int(self.rng.integers(10, 30))]
            paper = (self.id("sha"),)
            for person in self.some((p for p in self.people if p.unit == unit), 5, 9):
                submitted = at(day - timedelta(1), 900)
                self.permit(person, RequestKind.IZIN, day, day, submitted, documents=paper)
                person.away.add(day)
        rota = (self.id("sha"),)
        for k, person in enumerate(p for p in self.people if p.site == "posko"):
            first = WORKDAYS[5] + timedelta(2 * k)
            self.permit(
                person, RequestKind.TUGAS_LUAR, first, first + timedelta(1),
                at(WORKDAYS[4], 600), documents=rota,
            )  # fmt: skip

    def _second_thoughts(self):
        """Rejected and handed in again; prolonged with the same letter; both spouses with one."""
        for permit in self.some(self.permits, 40, 40):
            again = replace(permit, request_id=self.id("req"), state=RequestState.REJECTED)
            self.permits.append(again)
        sick = [one for one in self.permits if one.kind is RequestKind.SAKIT]
        for permit in self.some(sick, 15, 15):
            longer = {"first": permit.last + timedelta(1), "last": permit.last + timedelta(2)}
            self.permits.append(replace(permit, request_id=self.id("req"), **longer))
        for permit in self.some(sick, 8, 8):
            spouse = self.some(self.people, 1, 1)[0]
            names = {"nip": spouse.nip, "unit_id": spouse.unit, "approver": spouse.head}
            self.permits.append(replace(permit, request_id=self.id("req"), **names))

    def _delegates(self):
        """Heads are away themselves: a deputy decides for them, but not about them."""
        deputies = {}
        for person in self.people:
            if person.head != SUPERIOR:
                deputies.setdefault(person.head, person.nip)
        for k, permit in enumerate(self.permits):
            deputy = deputies.get(permit.approver)
            if self.rng.random() < 0.12 and deputy and deputy != permit.nip:
                head = permit.approver
                self.permits[k] = replace(permit, approver=deputy, delegate_of=head)

    def _trips(self):
        """Outside duty: check-ins from Ternate, Manado or Jakarta, there by boat or plane."""
        for person, first, last in self.travellers:
            if not person.phone_share:
                continue
            far = [SITES["ternate"], MANADO, JAKARTA][int(self.rng.choice(3, p=[0.6, 0.2, 0.2]))]
            mine = self.sightings[person.nip]
            for k, one in enumerate(mine):
                if not first <= one.day <= last or one.source is EventSource.KIOSK:
                    continue
                place = self.place(far, self.rng.normal(0, 400, 2), person.decimals)
                moment = one.event_time
                if one.day == first and one.kind is EventKind.IN:
                    moment = at(one.day, 390)  # at the harbour, before the way there
                    place = self.place("ternate", self.rng.normal(0, 60, 2), person.decimals)
                away = {"place": place, "background": self.hash(), "event_time": moment}
                mine[k] = replace(one, **away)
