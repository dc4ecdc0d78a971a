"""Who a face is: the site's people first, the whole province second, never a guess."""

from dataclasses import replace

from server.domain.face import Vector
from server.domain.match import MARGIN_MIN, Candidate, Decision, Verdict, decide, similarity
from server.gallery.gallery import Gallery
from server.gallery.snapshot import Snapshot
from server.services.thresholds import Thresholds

_CANDIDATES = 2


async def identify(
    gallery: Gallery, thresholds: Thresholds, probe: Vector, site_id: str
) -> Decision:
    """Searches a site and everyone; each judged with the threshold for its number of people.

    Both searches keep one FPIR. Whom the site's finds must stand out among everyone too: a
    colleague from elsewhere may be the better match.
    """
    local, everyone = await gallery.searches(probe, _CANDIDATES, (site_id, None))
    # Nothing is awaited from here on: the templates are those of this moment.
    snapshot = gallery.snapshot
    at_site, of_all = thresholds.of_two_searches(snapshot.size_of(site_id), snapshot.size)
    decision = _judge(snapshot, at_site, probe, local)
    if decision.verdict is Verdict.UNKNOWN:
        return _judge(snapshot, of_all, probe, everyone)
    if decision.verdict is Verdict.MATCH:
        for other in everyone:
            margin = decision.similarity - other.similarity
            if other.nip != decision.nip and margin < MARGIN_MIN:
                return replace(decision, verdict=Verdict.AMBIGUOUS, nip="", margin=margin)
    return decision


def _judge(
    snapshot: Snapshot, threshold: float, probe: Vector, candidates: list[Candidate]
) -> Decision:
    # The winner's own templates as they are now, by NIP: None if removed since the search.
    winner = snapshot.person(candidates[0].nip) if candidates else None
    rescored = similarity(probe, winner.mean) if winner is not None else -1.0
    return decide(candidates, rescored, threshold)
