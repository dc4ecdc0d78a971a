"""Who a face is: the site's people first, the whole province second, never a guess."""

from dataclasses import replace

from server.domain.face import Vector
from server.domain.match import MARGIN_MIN, Decision, Verdict, decide, similarity
from server.gallery.gallery import Gallery
from server.services.thresholds import Thresholds

_CANDIDATES = 2


async def identify(
    gallery: Gallery, thresholds: Thresholds, probe: Vector, site_id: str
) -> Decision:
    """Searches a site, then everyone; each with the threshold for its number of people.

    Whom the site's search finds must stand out among everyone too: a colleague from elsewhere may
    be the better match.
    """
    decision = await _among(gallery, thresholds, probe, site_id)
    if decision.verdict is Verdict.UNKNOWN:
        return await _among(gallery, thresholds, probe, None)
    if decision.verdict is Verdict.MATCH:
        for other in await gallery.search(probe, _CANDIDATES):
            margin = decision.similarity - other.similarity
            if other.nip != decision.nip and margin < MARGIN_MIN:
                return replace(decision, verdict=Verdict.AMBIGUOUS, nip="", margin=margin)
    return decision


async def _among(
    gallery: Gallery, thresholds: Thresholds, probe: Vector, site_id: str | None
) -> Decision:
    people = gallery.snapshot.size_of(site_id)
    candidates = await gallery.search(probe, _CANDIDATES, site_id)
    # The winner's own templates as they are now, by NIP: None if removed since the search.
    winner = gallery.person(candidates[0].nip) if candidates else None
    rescored = similarity(probe, winner.mean) if winner is not None else -1.0
    return decide(candidates, rescored, thresholds.identification(people))
