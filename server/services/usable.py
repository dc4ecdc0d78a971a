"""Looks at one frame that should hold one good face: what enrolment and check-in share."""

from dataclasses import dataclass, replace

from server import metrics, traces
from server.domain.face import Face
from server.domain.frame import Frame
from server.domain.quality import FrameOutcome, QualityLimits, judge
from server.errors import Overloaded
from server.vision.detector import Gaze
from server.vision.jpeg import ImageFault, ImageRejected
from server.vision.line import Urgency
from server.vision.pipeline import Analysis, Gate, Pipeline, Timings

# A face this small beside the largest is somebody in the background.
BACKGROUND_AREA_MAX = 0.25

_FAULTS = {
    ImageFault.CORRUPT: FrameOutcome.CORRUPT_IMAGE,
    ImageFault.SIZE: FrameOutcome.BAD_IMAGE_SIZE,
    ImageFault.UNSUPPORTED: FrameOutcome.UNSUPPORTED_IMAGE,
}


@dataclass(frozen=True, slots=True)
class Look:
    """What one frame showed; face: the one that counts; if USABLE and wanted, with an embedding."""

    outcome: FrameOutcome
    timings: Timings
    face: Face | None = None

    def with_outcome(self, outcome: FrameOutcome) -> "Look":
        """Returns the look with another outcome."""
        return replace(self, outcome=outcome)


def usable(limits: QualityLimits) -> Gate:
    """Returns the gate that lets good faces through to the embedder."""
    return lambda face: judge(face.measures, limits) is FrameOutcome.USABLE


async def analyze(
    pipeline: Pipeline,
    frame: Frame,
    gate: Gate,
    urgency: Urgency = Urgency.PERSON,
    *,
    gaze: Gaze | None = None,
    traced: bool = False,
) -> Analysis | FrameOutcome:
    """Analyses a frame; what is no usable image becomes its outcome. gaze, traced: see Pipeline."""
    analysis: Analysis | FrameOutcome
    with traces.stage("analyze") as span:
        try:
            analysis = await pipeline.analyze(frame.jpeg, gate, urgency, gaze=gaze, traced=traced)
            _note(span, analysis)
        except ImageRejected as rejected:
            analysis = _FAULTS[rejected.fault]
        except Overloaded:
            analysis = FrameOutcome.OVERLOADED
        span.note(outcome=_name(analysis))
    metrics.FRAMES.labels(_name(analysis)).inc()
    return analysis


def _note(span: traces.Step, analysis: Analysis) -> None:
    """Notes what a frame cost; all its waits are one sum, so that the stages are no spans."""
    timings = analysis.timings
    span.note(
        queue_ms=timings.queue_ms,
        decode_ms=timings.decode_ms,
        detect_ms=timings.detect_ms,
        embed_ms=timings.embed_ms,
        batch=timings.batch,
        faces=len(analysis.faces),
    )


def _name(analysis: Analysis | FrameOutcome) -> str:
    if isinstance(analysis, FrameOutcome):
        return analysis.value
    return "ANALYSED" if analysis.faces else FrameOutcome.NO_FACE.value


async def look_at_one(
    pipeline: Pipeline,
    frame: Frame,
    limits: QualityLimits,
    *,
    wanted: Gate = lambda _: True,
    gaze: Gaze | None = None,
    traced: bool = False,
) -> Look:
    """Returns the look at a frame in which one face is expected.

    wanted: which good faces are embedded; asked in a worker's thread. gaze, traced: see Pipeline.
    """
    good = usable(limits)
    analysis = await analyze(
        pipeline, frame, lambda face: good(face) and wanted(face), gaze=gaze, traced=traced
    )
    if isinstance(analysis, FrameOutcome):
        return Look(analysis, Timings())
    if not analysis.faces:
        return Look(FrameOutcome.NO_FACE, analysis.timings)
    first, *others = analysis.faces
    if any(other.box.area > BACKGROUND_AREA_MAX * first.box.area for other in others):
        return Look(FrameOutcome.SEVERAL_FACES, analysis.timings, first)
    return Look(judge(first.measures, limits), analysis.timings, first)
