"""Topics: built and parsed by one description, and nothing that breaks a broker gets into one."""

from __future__ import annotations

import pytest

from gateway.stream import topics
from gateway.stream.topics import TopicError, parse

UNIT = ("works", "suite", "line1", "br1")
ALL = [
    (topics.Telemetry(*UNIT, "gw1", 0), "cellgate/v1/works/suite/line1/br1/pv/gw1/0"),
    (topics.UnitEvent(*UNIT, "gw1", 12), "cellgate/v1/works/suite/line1/br1/event/gw1/12"),
    (topics.GatewayEvent("works", "gw1", 0), "cellgate/v1/works/_gateway/gw1/event/0"),
    (topics.Command(*UNIT, "gw1"), "cellgate/v1/works/suite/line1/br1/command/gw1"),
    (topics.Reply(*UNIT, "gw1"), "cellgate/v1/works/suite/line1/br1/reply/gw1"),
    (topics.LoopParameters(*UNIT, "gw1"), "cellgate/v1/works/suite/line1/br1/loops/gw1"),
    (topics.GatewayCommand("works", "gw1"), "cellgate/v1/works/_gateway/gw1/command"),
    (topics.GatewayReply("works", "gw1"), "cellgate/v1/works/_gateway/gw1/reply"),
    (topics.State("works", "gw1"), "cellgate/v1/works/_gateway/gw1/state"),
    (topics.Health("works", "gw1"), "cellgate/v1/works/_gateway/gw1/health"),
    (topics.Watermark("works", "h1", "gw1", 3), "cellgate/v1/works/_historian/h1/watermark/gw1/3"),
    (topics.Resend("works", "h1", "gw1", 3), "cellgate/v1/works/_historian/h1/resend/gw1/3"),
    (topics.HistorianHealth("works", "h1"), "cellgate/v1/works/_historian/h1/health"),
]


@pytest.mark.parametrize(("topic", "text"), ALL)
def test_a_topic_is_built_and_parsed_back(topic: topics.Topic, text: str) -> None:
    assert str(topic) == text
    assert parse(text) == topic


def test_every_kind_of_topic_is_in_this_test() -> None:
    assert {type(topic) for topic, _ in ALL} == set(topics.TOPICS)


def test_a_pattern_fixes_the_levels_that_are_given() -> None:
    assert topics.Telemetry.pattern(site="works", gateway="gw1") == "cellgate/v1/works/+/+/+/pv/gw1/+"
    assert topics.Watermark.pattern(site="works", gateway="gw1", partition=0).endswith("watermark/gw1/0")


@pytest.mark.parametrize("name", ["", "a b", "a/b", "+", "#", "über", "a\n", "$share"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(TopicError, match="cannot be a level"):
        topics.State("works", name)
    with pytest.raises(TopicError):
        topics.State.pattern(gateway=name) if name != "+" else topics.Telemetry(*UNIT, name, 0)


def test_an_area_cannot_pass_for_a_level_of_the_tree() -> None:
    with pytest.raises(TopicError, match="begins with '_'"):
        topics.Command("works", "_historian", "h1", "watermark", "gw1")


@pytest.mark.parametrize("partition", [-1, "0", None])
def test_a_partition_is_a_number_from_zero(partition: int) -> None:
    with pytest.raises(TopicError, match="partition"):
        topics.GatewayEvent("works", "gw1", partition)


def test_a_pattern_of_an_unknown_level_is_refused() -> None:
    with pytest.raises(TopicError, match="no level unit"):
        topics.State.pattern(unit="br1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cellgate/v1/works",
        "cellgate/v2/works/_gateway/gw1/state",
        "cellgate/v1/works/_gateway/gw1/state/",
        "cellgate/v1/works/_gateway/gw1/state\n",
        "cellgate/v1/works/suite/line1/br1/pv/gw1/00",
        "cellgate/v1/works/suite/line1/br1/pv/gw1/x",
        "x/cellgate/v1/works/_gateway/gw1/state",
    ],
)
def test_other_texts_are_no_topics(text: str) -> None:
    with pytest.raises(TopicError, match="not a topic"):
        parse(text)
