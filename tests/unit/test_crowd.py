"""Frames of the crowd: drawn once, unlike any other on the wire, the same to the eye."""

import numpy as np
import simplejpeg

from benchmarks.crowd import unique
from server.vision import jpeg

PICTURE = simplejpeg.encode_jpeg(
    np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8), colorspace="RGB"
)


class TestUnique:
    """A comment makes a picture's digest its own."""

    def test_differs_each_time(self):
        """So the server takes no frame for a repeated one."""
        assert 1000 == len({unique(PICTURE, number) for number in range(1000)})

    def test_shows_the_same(self):
        """The server's strict intake accepts it, and every pixel is as before."""
        made = unique(PICTURE, 2**40)

        assert np.array_equal(jpeg.decode(PICTURE), jpeg.decode(made))
        assert len(PICTURE) + 12 == len(made)
