"""What BKD does to days that are over: honest, and not. With random numbers of its own. Seeded.

How often people forget, kiosks fail and letters come late is assumed.
"""

from dataclasses import replace
from datetime import timedelta

from server.domain.attendance.model import RequestKind
from server.domain.forensics.model import Amendment, Backdating, FindingKind, Ruling
from tests.forensics.province import BEGIN, CLERKS, WORKDAYS, at

TEAM = (*CLERKS, "bkd-desi")
EXCUSES = ("lupa absen", "ponsel rusak", "rapat di luar", "kamera gelap", "baterai habis")


class Office:
    """Adds what is done honestly to a province; the frauds call the rest."""

    def __init__(self, province):
        self.world, self.rng = province, province.rng.spawn(1)[0]
        for nip in [one.nip for one in province.people]:
            for _ in range(self.rng.poisson(0.35)):
                self.claim(nip)
        # Some forget again and again.
        for person in self.some(province.people, 12):
            for day in self.some(WORKDAYS[4:30], 4):
                self.claim(person.nip, day)
        self._by_word()
        self._outages()
        self._voids()
        self._rules()

    def some(self, items, count):
        """So many of the items, in random order."""
        items = list(items)
        return [items[k] for k in self.rng.permutation(len(items))[:count]]

    def day(self, first=2, last=38):
        """A workday."""
        return WORKDAYS[int(self.rng.integers(first, last))]

    def clerk(self):
        """One of the team: work is never shared evenly."""
        return str(self.rng.choice(TEAM, p=[0.5, 0.3, 0.2]))

    # --- punches that are added

    def claim(self, nip, day=None, actor=""):
        """A claim of the employee, accepted by the head and by BKD when desks are emptied."""
        day, person = day or self.day(), self.world.by_nip[nip]
        late = self.rng.uniform(0.3, 1.5) if self.rng.random() < 0.75 else self.rng.uniform(1.5, 4)
        submitted = at(day, 1440 * (late + 0.7))
        first, second = self.desk(submitted), self.desk(submitted + timedelta(1))
        clerk = actor or self.clerk()
        asked = self.world.permit(
            person, RequestKind.CORRECTION, day, day, submitted,
            documents=(), decide_time=second, approver=clerk, earlier=(Ruling(person.head, first),),
        )  # fmt: skip
        event_id, reason = self.world.id("add"), str(self.rng.choice(EXCUSES))
        for who, moment in ((person.head, first), (clerk, second)):
            self.world.corrections.append(
                Amendment(event_id, nip, person.site, day, moment, who, reason, asked.request_id)
            )

    def desk(self, moment):
        """A morning on which a desk is emptied, within minutes."""
        day = moment.date() + timedelta(1)
        while day.weekday() > 4:
            day += timedelta(1)
        return at(day, 540 + self.rng.uniform(0, 8))

    def add(self, nip, day, moment, actor, reason):
        """A punch by the own word of BKD."""
        site = self.world.by_nip[nip].site
        event_id = self.world.id("add")
        self.world.corrections.append(Amendment(event_id, nip, site, day, moment, actor, reason))

    def _by_word(self):
        """Who has no phone comes by, or calls; on a Monday a few at once."""
        for person in self.some(self.world.people, 60):
            day = self.day()
            moment = at(day, 1440 * self.rng.uniform(0.7, 4))
            self.add(person.nip, day, moment, self.clerk(), str(self.rng.choice(EXCUSES)))
        for monday in WORKDAYS[5::5]:
            clerk, moment = self.clerk(), at(monday, 500)
            for person in self.some(self.world.people, int(self.rng.integers(2, 5))):
                moment += timedelta(minutes=float(self.rng.uniform(1, 4)))
                day = monday - timedelta(int(self.rng.integers(3, 6)))
                self.add(person.nip, day, moment, clerk, str(self.rng.choice(EXCUSES)))

    def _outages(self):
        """Kiosk or network down: everybody there, typed again and again; one lasts a week."""
        week = WORKDAYS[12:17]
        for site, days in (("gubernur", [self.day()]), ("jalan-40", [self.day()]), ("posko", week)):
            staff = [one for one in self.world.people if one.site == site]
            for day in days:
                moment, clerk = at(day, 1440 + 480), self.clerk()
                for person in staff[: int(self.rng.integers(9, 40))]:
                    moment += timedelta(seconds=float(self.rng.uniform(10, 40)))
                    reason = str(self.rng.choice(["Listrik padam", "listrik  padam"]))
                    self.add(person.nip, day, moment, clerk, reason)

    # --- punches that are voided

    def void(self, nip, day, moment, actor, reason, event_id=""):
        """A void of an event of that day."""
        site = self.world.by_nip[nip].site
        event_id = event_id or self.world.id("ev")
        self.world.voids.append(Amendment(event_id, nip, site, day, moment, actor, reason))

    def _voids(self):
        """Punched for fun, or the kiosk took one for another: soon, and seldom."""
        for person in self.some(self.world.people, 25):
            day = self.day()
            moment = at(day, 1440 * self.rng.uniform(0.5, 6))
            self.void(person.nip, day, moment, self.clerk(), "salah orang di kios")
        day = self.day()
        for person in [one for one in self.world.people if one.site == "gubernur"][:20]:
            self.void(person.nip, day, at(day, 1440 * 3), TEAM[0], "kios menghadap poster")

    # --- rules and moves

    def put(self, what, subject, back, actor, reason, **more):
        """A rule or move that is put so many days after its date."""
        day = self.day(12)
        start = day - timedelta(back)
        over = min(back, (day - BEGIN).days)
        moment = at(day, 600)
        made = Backdating(what, subject, start, over, actor, reason, moment, **more)
        self.world.backdatings.append(made)

    def _rules(self):
        """A roster in the first days of its month, a Plh. of last week, an SK of last month."""
        for person in self.some(self.world.people, 40):
            back = int(self.rng.integers(1, 6))
            self.put("SHIFT", person.nip, back, TEAM[0], "jadwal jaga", nip=person.nip)
        for unit in range(5):
            back = int(self.rng.integers(1, 7))
            self.put("DELEGATION", f"unit-{unit}", back, TEAM[1], "kepala sakit")
        self.put("FREE_DAY", "", 1, TEAM[1], "libur pilkada")
        for person in self.some(self.world.people, 20):
            back = int(self.rng.integers(1, 31))
            self.put("POSTING", person.nip, back, TEAM[1], "SK mutasi", nip=person.nip)
        self.put("UNIT", "unit-3", 20, TEAM[0], "Pergub 9/2026")


class Abuse:
    """The same deeds, to pay who was absent, or to harm. Called by the frauds for each case."""

    def __init__(self, frauds, office):
        self.frauds, self.office, self.rng = frauds, office, office.rng

    def plant(self):
        """Plants every case."""
        for abuse, times in (
            (self.regular, 3), (self.regular_by_claims, 2), (self.sitting, 3), (self.always_down, 1),
            (self.busy, 1), (self.late_void, 3), (self.voided_often, 2), (self.own_law, 2),
            (self.own_roster, 2), (self.rubber_stamp, 1),
        ):  # fmt: skip
            for _ in range(times):
                abuse()

    def days(self, low, high, within):
        """Some workdays within so many."""
        start = int(self.rng.integers(2, len(WORKDAYS) - within))
        count = int(self.rng.integers(low, high + 1))
        return sorted(self.office.some(WORKDAYS[start : start + within], count))

    def regular(self):
        """A customer who stays away, and is mended a day or two later, each time."""
        (person,), clerk = self.frauds.take(1, 1), self.office.clerk()
        for day in self.days(8, 16, 18):
            moment = at(day, 1440 * self.rng.uniform(0.8, 4))
            for _ in range(2):
                reason = str(self.rng.choice(EXCUSES))
                self.office.add(person.nip, day, moment, clerk, reason)
        self.frauds.note("regular", FindingKind.CORRECTION_BULK, [person])

    def regular_by_claims(self):
        """The same by claims that the head accepts as well."""
        (person,) = self.frauds.take(1, 1)
        for day in self.days(8, 14, 18):
            self.office.claim(person.nip, day)
        self.frauds.note("regular by claims", FindingKind.CORRECTION_BULK, [person])

    def sitting(self):
        """A list is worked off after hours."""
        people, clerk, today = self.frauds.take(8, 15), self.office.clerk(), self.office.day(8)
        moment = at(today, 1000)
        for person in people:
            moment += timedelta(seconds=float(self.rng.uniform(20, 80)))
            day = today - timedelta(int(self.rng.integers(1, 6)))
            self.office.add(person.nip, day, moment, clerk, str(self.rng.choice(EXCUSES)))
        self.frauds.note("sitting", FindingKind.CORRECTION_BULK, people)

    def always_down(self):
        """The same people, each day with the same story."""
        people, clerk = self.frauds.take(6, 9), self.office.clerk()
        people = [replace(one, site=people[0].site) for one in people]
        for day in self.days(11, 16, 18):
            for person in people:
                event_id, moment = self.frauds.world.id("add"), at(day, 1440 + 500)
                self.frauds.world.corrections.append(
                    Amendment(event_id, person.nip, person.site, day, moment, clerk, "kios mati")
                )
        self.frauds.note("always down", FindingKind.CORRECTION_BULK, people)

    def busy(self):
        """A little for very many, all day long: more than the rest of the team together."""
        clerk = "bkd-tono"
        for person in self.office.some(self.frauds.world.people, 110):
            for day in self.days(2, 3, 18):
                moment = at(day, 1440 * self.rng.uniform(0.7, 4))
                self.office.add(person.nip, day, moment, clerk, str(self.rng.choice(EXCUSES)))
        self.frauds.name("busy", FindingKind.CORRECTION_BULK, clerk)

    def late_void(self):
        """A late arrival is gone, weeks afterwards."""
        (person,), clerk = self.frauds.take(1, 1), self.office.clerk()
        for day in self.days(1, 3, 15):
            moment = at(day, 1440 * self.rng.uniform(13, 30))
            self.office.void(person.nip, day, moment, clerk, "tidak sah")
        self.frauds.note("late void", FindingKind.VOID_LATE, [person])

    def voided_often(self):
        """Somebody who is to be harmed."""
        (person,), clerk = self.frauds.take(1, 1), self.office.clerk()
        for day in self.days(7, 14, 18):
            self.office.void(person.nip, day, at(day, 1440 * 1.5), clerk, "tidak sah")
        self.frauds.note("voided often", FindingKind.VOID_LATE, [person])

    def rubber_stamp(self):
        """Voids whatever is asked for: as often in a week as the others in a month."""
        clerk = "bkd-jono"
        for person in self.office.some(self.frauds.world.people, 80):
            (day,) = self.days(1, 1, 18)
            self.office.void(person.nip, day, at(day, 1440 * 2), clerk, f"alasan {person.nip}")
        self.frauds.name("rubber stamp", FindingKind.VOID_LATE, clerk)

    def own_law(self):
        """Hours or percentages that suit somebody, from weeks ago on."""
        clerk = f"bkd-{self.frauds.world.id('x')}"
        what = str(self.rng.choice(["SCHEDULE", "PHASE", "CUT_TABLE"]))
        self.office.put(what, "unit-7", int(self.rng.integers(9, 40)), clerk, "penyesuaian")
        self.frauds.name("own law", FindingKind.RULE_PAST, clerk)

    def own_roster(self):
        """Days of absence become days off."""
        (person,), clerk = self.frauds.take(1, 1), self.office.clerk()
        back = int(self.rng.integers(9, 30))
        self.office.put("SHIFT", person.nip, back, clerk, "tukar jaga", nip=person.nip)
        self.frauds.note("own roster", FindingKind.RULE_PAST, [person])
