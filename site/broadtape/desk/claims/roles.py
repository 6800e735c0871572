"""Whom a claim is about and who leads whom: names, the subject outside, order and verb of a comparison.

Owns no names (names finds them) and no directions (words).
"""

from __future__ import annotations

from typing import Final

from broadtape.desk.claims import lexicon
from broadtape.desk.claims.bearing import CURVE
from broadtape.desk.claims.case import Case
from broadtape.desk.claims.tokens import Name, Plain, Proper, Word
from broadtape.model import Status

_PASSIVE: Final = lexicon.words("""
    was were been being is are be
""")


def names(case: Case) -> None:
    """Each name belongs to the fact."""
    known = case.bearing.entities()
    for _, name in case.of(Name):
        if "" in name.symbols:
            continue
        if name.symbols & known or case.bearing.names_group(name):
            continue
        if name.ticker and not name.symbols:
            case.objects(Status.UNSUPPORTED, f"no instrument {name.text} is known", name.text)
            continue
        about = case.about()
        case.objects(
            Status.CONTRADICTED if about else Status.UNSUPPORTED,
            f"the fact is about {about}; the text names {name.text}"
            if about
            else f"the fact does not concern {name.text}",
            name.text,
            about,
        )
    for _, proper in case.of(Proper):
        case.objects(Status.UNSUPPORTED, f"{proper.text!r} is no known name", proper.text)


def roles(case: Case) -> None:
    """The claim is made of the fact's subject; of two, the one that led leads."""
    if case.subject is None:
        _no_subject(case)
        return
    if case.object is not None:
        _relative(case)
        return
    inside = [name for _, name in case.of(Name) if "" not in name.symbols]
    if any(case.subject in name.symbols for name in inside):
        return
    _outside_subject(case, {case.subject})


def _outside_subject(case: Case, allowed: set[str]) -> None:
    subject = case.context.subject
    if subject is None:
        if case.context.subject_required:
            case.objects(Status.UNSUPPORTED, f"nothing before the claim names its subject, {case.about()}")
        return
    if not subject & allowed:
        said = " or ".join(sorted(case.context.names.title(symbol) for symbol in subject))
        case.objects(
            Status.CONTRADICTED,
            f"the fact is about {case.about()}; the sentence speaks of {said}",
            said,
            case.about(),
        )


def _no_subject(case: Case) -> None:
    """A fact about policy, a group or a date must not be told of an instrument: "Nvidia cut rates"."""
    first = next((token for token in case.tokens if not isinstance(token, Plain)), None)
    subject = case.context.subject
    if not isinstance(first, Word) or subject is None or subject & case.bearing.entities() or "" in subject:
        return
    if first is case.tokens[0] and set(first.classes) & {"up", "down", "cut", "raise", "hold"}:
        said = " or ".join(sorted(case.context.names.title(symbol) for symbol in subject))
        case.objects(Status.CONTRADICTED, f"the fact does not concern {said}", said, case.about())


def _relative(case: Case) -> None:
    assert case.subject is not None
    assert case.object is not None
    verbs = [
        (place, bool({"lead", "exceed", "better", "above"} & set(word.classes)))
        for place, word in case.of(Word)
        if {"lead", "lag", "exceed", "better", "worse"} & set(word.classes) or case.compares(place, word)
    ]
    names = [(place, name) for place, name in case.of(Name) if "" not in name.symbols and not name.ticker]
    if len(names) == 2 and names[0][1].symbols == names[1][1].symbols:
        case.objects(
            Status.CONTRADICTED, f"{names[1][1].text} is set against itself", names[1][1].text, case.about()
        )
        return
    if not verbs:
        before = [name for place, name in names if not case.comparand(place)]
        subjects = {case.subject} | ({"series:curve"} if case.fact.key.metric in CURVE else set())
        if any(subjects & name.symbols for name in before):
            return
        _outside_subject(case, subjects)
        return
    for place, leads in verbs:
        agent = next(
            (name.symbols for at, name in reversed(names) if at < place and not case.comparand(at)),
            case.context.subject,
        )
        patient = next((name.symbols for at, name in names if at > place), None)
        if patient is None and (
            "exceed" in case.classes(place) or "lead" not in case.tags | case.bearing.led_tags()
        ):
            case.objects(
                Status.CONTRADICTED, f"the text does not say what is meant by {case.tokens[place].text!r}"
            )
            return
        passive = (
            case.text_at(place - 1).split(" ")[-1] in _PASSIVE
            and case.text_at(place + 1) == "by"
            and patient is not None
        )
        if agent is None:
            if case.context.subject_required:
                case.objects(Status.UNSUPPORTED, f"nothing says who leads; the fact is about {case.about()}")
            return
        if case.subject in agent and (patient is None or case.object in patient):
            claims = leads is not passive
        elif case.object in agent and (patient is None or case.subject in patient):
            claims = leads is passive
        else:
            said = " and ".join(case.context.names.title(s) for s in sorted(agent | (patient or frozenset())))
            case.objects(
                Status.CONTRADICTED,
                f"the fact is about {case.about()}; the text speaks of {said}",
                said,
                case.about(),
            )
            return
        if "even" in case.tags or claims is not case.bearing.leads():
            title = case.context.names.title
            told = f"{title(case.subject)} {_led_word(case)} {title(case.object)}"
            reason = f"in the fact {told}; the text has it otherwise"
            case.objects(Status.CONTRADICTED, reason, case.tokens[place].text, _led_word(case))
            return


def _led_word(case: Case) -> str:
    return "matched" if "even" in case.tags else "led" if case.bearing.leads() else "trailed"
