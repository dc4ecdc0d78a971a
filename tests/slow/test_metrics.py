"""Metrics: what a scrape shows, and that the dashboard asks for nothing else."""

import asyncio
import json
import re
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from server import metrics

DASHBOARD = Path(metrics.__file__).parent / "dashboards" / "hadir.json"
_FORBIDDEN_LABELS = {"nip", "device_id", "site_id", "unit_id", "username", "request_id"}


def _tasks_shown(port):
    text = urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60).read().decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    return families[metrics.TASKS].samples[0].value


@pytest.fixture
def scraped():
    """Returns what a scrape of a served process shows, by name."""
    values = dict.fromkeys(metrics.GAUGES, 3.0)
    with metrics.gauges(lambda: values), metrics.served("127.0.0.1", 0) as port:
        text = urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60).read().decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


class TestScrape:
    """What Prometheus reads."""

    def test_gauges_are_those_of_the_running_server(self, scraped):
        """Each once, with its value."""
        shown = {name: [one.value for one in scraped[name].samples] for name in metrics.GAUGES}

        assert {name: [3.0] for name in metrics.GAUGES} == shown

    def test_a_stopped_server_shows_none(self, scraped):
        """After its end nothing reads what is closed."""
        assert None is REGISTRY.get_sample_value("hadir_workers")

    async def test_tasks_of_the_loop(self):
        """As many as there are, seen from the thread that is scraped."""
        ended = asyncio.Event()
        with metrics.gauges(dict), metrics.served("127.0.0.1", 0) as port:
            async with asyncio.TaskGroup() as group:
                for _ in range(7):
                    group.create_task(ended.wait())
                present = len(asyncio.all_tasks())
                shown = await asyncio.to_thread(_tasks_shown, port)
                ended.set()

        assert present == shown >= 8

    def test_stages(self):
        """A frame's stages are kept in seconds."""
        name, labels = "hadir_stage_seconds_sum", {"stage": "decode"}
        before = REGISTRY.get_sample_value(name, labels) or 0.0
        metrics.observe_stages(queue=0.0, decode=250.0, detect=1.0)

        assert 0.25 == pytest.approx(REGISTRY.get_sample_value(name, labels) - before)

    def test_nobody_is_named(self, scraped):
        """No label tells who, where or with what device."""
        labels = {
            label
            for name, family in scraped.items()
            if name.startswith("hadir_")
            for sample in family.samples
            for label in sample.labels
        }

        assert set() == labels & _FORBIDDEN_LABELS


class TestDashboard:
    """The Grafana file that operators import."""

    def test_asks_for_what_exists(self):
        """Every metric it names is one of ours, by the name that Prometheus gives it."""
        asked = set(re.findall(r"hadir_[a-z_]+", DASHBOARD.read_text()))
        known = {*metrics.GAUGES, metrics.TASKS}
        for family in REGISTRY.collect():
            if family.name.startswith("hadir_"):
                endings = ("_total",) if family.type == "counter" else ("_bucket", "_count", "_sum")
                known |= {family.name + ending for ending in endings}

        assert asked
        assert set() == asked - known

    def test_shows_every_gauge_and_panel(self):
        """Nothing that is measured is left out, and every panel asks something."""
        text = DASHBOARD.read_text()
        panels = json.loads(text)["panels"]

        assert set() == {name for name in metrics.GAUGES if name not in text}
        assert [] == [p["title"] for p in panels if p["type"] != "row" and not p["targets"]]
