"""Answers to begin with: by fixed rules, in both languages, within one cheap text each."""

from __future__ import annotations

import pytest

from messages.sms import measure
from messages.suggesting import Topic, suggestions, topics
from messages.vocabulary import TOPICS


@pytest.mark.parametrize(
    ("body", "topic"),
    [
        ("Wrong number.", Topic.WRONG_NUMBER),
        ("Número equivocado", Topic.WRONG_NUMBER),
        ("I just moved to Ohio", Topic.MOVED),
        ("Me mudé a Texas", Topic.MOVED),
        ("Who's this?", Topic.WHO),
        ("¿Quién es?", Topic.WHO),
        ("how did you get my number", Topic.WHO),
        ("What is this about", Topic.WHAT),
        ("¿De qué se trata?", Topic.WHAT),
        ("can't call, I'm at work", Topic.CANNOT_CALL),
        ("No puedo llamar hoy", Topic.CANNOT_CALL),
        ("what do I say??", Topic.QUESTION),
        ("¿A quién llamo?", Topic.QUESTION),
        ("How else can I help?", Topic.HELP_MORE),
        ("¿Cómo puedo ayudar más?", Topic.HELP_MORE),
        ("this is BULLSHIT", Topic.ANGRY),
        ("Son unos mentirosos", Topic.ANGRY),
        ("Thank you so much", Topic.THANKS),
        ("¡Dios los bendiga!", Topic.THANKS),
    ],
)
def test_what_a_reply_seems_to_be_about(body: str, topic: Topic) -> None:
    assert topics(body)[0] is topic


@pytest.mark.parametrize(
    "body", ["I called Pocan", "Llamé a la oficina", "2", "", "🙏", "It moved me to tears"]
)
def test_where_no_rule_knows_nothing_is_suggested(body: str) -> None:
    assert suggestions(body, "en", network="Sister Cities") == []


def test_one_reply_may_be_about_several_things() -> None:
    assert topics("Thanks, but who is this? I moved.") == (Topic.MOVED, Topic.WHO, Topic.THANKS)


def test_the_rules_and_the_topics_are_the_same() -> None:
    assert set(TOPICS) == {each.value for each in Topic}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    "body", ["wrong number", "I moved", "who is this", "what is this", "I cant call",
             "what do I say", "how can I help", "bullshit", "thanks"],
)  # fmt: skip
def test_each_suggestion_is_one_cheap_text(language: str, body: str) -> None:
    for each in suggestions(body, language, network="Sister Cities"):
        measured = measure(each.words)
        assert (measured.encoding, measured.segments) == ("GSM-7", 1), each


def test_a_suggestion_speaks_the_language_of_the_person_not_of_the_reply() -> None:
    [english] = suggestions("¿Quién es?", "en", network="Sister Cities")
    [spanish] = suggestions("who is this", "es", network="Sister Cities")

    assert english.words.startswith("This is Sister Cities.")
    assert spanish.words.startswith("Somos Sister Cities.")
