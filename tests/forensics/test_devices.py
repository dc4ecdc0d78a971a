"""Phones: handed on or passed round, activated in a crowd or in a clerk's hands."""

from server.domain.forensics import devices
from server.domain.forensics.examine import examine
from server.domain.forensics.limits import DeviceLimits, Limits
from server.domain.forensics.model import FindingKind, Records
from tests.forensics.world import ANI, BUDI, CICI, DEDI, KIOSK, at, bound, seen

LIMITS = DeviceLimits()


def on_one_phone(*nips):
    """One phone, used by these in turn, a day each."""
    return [seen(nip, day, device_id="phone-1") for day, nip in enumerate(nips)]


class TestShared:
    """One phone, several accounts."""

    def test_a_phone_passed_round(self):
        """It comes back to an account that it had left."""
        (finding,) = devices.shared(on_one_phone(ANI, BUDI, ANI, BUDI), [], LIMITS)

        assert FindingKind.DEVICE_SHARED is finding.kind
        assert (ANI, BUDI) == finding.nips
        assert ("phone-1",) == finding.evidence.device_ids
        assert 4 == len(finding.evidence.event_ids)
        assert ("returns", 2, LIMITS.returns_min) == finding.evidence.figures[0]
        assert (at(0), at(3)) == (finding.first, finding.last)

    def test_each_activation_is_another_device(self):
        """The handset tells that it is one phone."""
        used = [
            seen(nip, day, device_id=f"device-{day}", handset="h")
            for day, nip in enumerate((ANI, BUDI, ANI, BUDI))
        ]

        (finding,) = devices.shared(used, [], LIMITS)

        assert (ANI, BUDI) == finding.nips
        assert tuple(f"device-{day}" for day in range(4)) == finding.evidence.device_ids

    def test_a_phone_handed_on_is_none(self):
        """A colleague's old phone, and then another's."""
        assert [] == devices.shared(on_one_phone(ANI, ANI, BUDI, BUDI, CICI), [], LIMITS)

    def test_many_accounts_without_return(self):
        """Activations count as well as check-ins."""
        sightings = on_one_phone(ANI, BUDI, CICI)

        (finding,) = devices.shared(sightings, [bound(DEDI, 5, device="phone-1")], LIMITS)

        assert ("accounts", 4, LIMITS.accounts_min) == finding.evidence.figures[0]

    def test_a_kiosk_is_for_all(self):
        """It is no phone."""
        kiosk = [seen(nip, k, source=KIOSK, device_id="k") for k, nip in enumerate("abcabc")]

        assert [] == devices.shared(kiosk, [], LIMITS)


class TestClusters:
    """Many activations at once."""

    def test_a_day_of_socialisation_is_none(self):
        """First phones, of many models, whatever their number."""
        crowd = [bound(f"p{k}", 0, k / 2, model=f"model-{k % 7}") for k in range(60)]

        assert [] == devices.clusters(crowd, LIMITS)

    def test_people_who_had_phones(self):
        """So many move to other phones at one sitting."""
        before = [bound(f"p{k}", 0, 3 * k, model=f"model-{k % 7}") for k in range(60)]
        moved = [bound(f"p{k}", 9, k, model=f"model-{k % 7}") for k in range(7)]

        (finding,) = devices.clusters(before + moved, LIMITS)

        assert tuple(f"p{k}" for k in range(7)) == finding.nips
        assert ("bkd-ani",) == finding.evidence.actors

    def test_a_queue_at_the_counter_is_none(self):
        """The same people, some minutes each."""
        before = [bound(f"p{k}", 0, 3 * k, model=f"model-{k % 7}") for k in range(60)]
        queue = [bound(f"p{k}", 9, 4 * k, model=f"model-{k % 7}") for k in range(20)]

        assert [] == devices.clusters(before + queue, LIMITS)

    def test_one_model_against_all_odds(self):
        """First phones as well: nobody's colleagues all own the same."""
        crowd = [bound(f"p{k}", 0, k, model=f"model-{k % 20}") for k in range(200)]
        box = [bound(f"q{k}", 3, k, model="model-1") for k in range(8)]

        (finding,) = devices.clusters(crowd + box, LIMITS)

        assert tuple(f"q{k}" for k in range(8)) == finding.nips
        assert "same_model" == finding.evidence.figures[0].name

    def test_a_model_that_everybody_has_is_none(self):
        """The province bought them."""
        assert [] == devices.clusters([bound(f"p{k}", 0, k, model="m") for k in range(60)], LIMITS)


class TestRebound:
    """How often one person's phone changes."""

    def test_often(self):
        """Four within a month."""
        (finding,) = devices.rebound([bound(ANI, day) for day in (0, 9, 18, 27)], LIMITS)

        assert (ANI,) == finding.nips
        assert 4 == len(finding.evidence.device_ids)

    def test_of_long_ago_is_none_of_this_period(self):
        """A phone's past explains what is seen now, and is no finding by itself."""
        changes = tuple(bound(ANI, day) for day in (0, 9, 18, 27))
        records = Records(bindings=changes)

        assert [] == examine(records, Limits(), begin=at(28))
        assert [(ANI,)] == [one.nips for one in examine(records, Limits(), begin=at(27))]

    def test_four_in_four_months_are_none(self):
        """Phones break."""
        assert [] == devices.rebound([bound(ANI, day) for day in (0, 28, 56, 84)], LIMITS)

    def test_revoked_phones_do_not_count(self):
        """Only what was activated."""
        ends = [bound(ANI, day, revoked=True) for day in (1, 2, 3, 4)]

        assert [] == devices.rebound([bound(ANI), *ends], LIMITS)
