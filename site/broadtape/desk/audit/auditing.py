"""An article from end to end: its sentences read into assertions, each judged, the findings in the article's order.

Owns the order of the stages and what one sentence leaves for the next; no grammar and no arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby

from broadtape.desk.audit.clauses import Clauses
from broadtape.desk.audit.context import Context
from broadtape.desk.audit.coverage import cover
from broadtape.desk.audit.entities import directory
from broadtape.desk.audit.findings import finding, unverifiable
from broadtape.desk.audit.histories import HistoryJudge
from broadtape.desk.audit.leftovers import leftovers
from broadtape.desk.audit.measuring import Measures
from broadtape.desk.audit.moves import PRICED, MoveJudge
from broadtape.desk.audit.parts import Assertion, Audit, Finding, Script, Sentence, Verdict
from broadtape.desk.audit.phrases import Phrases
from broadtape.desk.audit.policies import PolicyJudge
from broadtape.desk.audit.quotes import judge_quotes
from broadtape.desk.audit.rates import RATED, RateJudge
from broadtape.desk.audit.resolving import Calendar
from broadtape.desk.audit.scan import scan
from broadtape.desk.audit.sentences import sentences
from broadtape.desk.audit.statements import assertions
from broadtape.desk.claims.names import table_for
from broadtape.model import BadParameter, BroadtapeError, MarketView

_NATIONAL = frozenset({"yield", "macro", "curve"})
_ABROAD = re.compile(
    r"\b(?:Europe\w*|euro ?zone|euro area|EU|German\w*|bunds?|gilts?|JGBs?|Brit\w+|UK|U\.K|England|Japan\w*|Chin(?:a|ese)|French|France|Ital(?:y|ian)|Spain|Spanish|"
    r"Canad\w+|Austral\w+|Mexic\w+|Brazil\w*|India\w*|Turk\w+|Argentin\w+|Swiss|Switzerland|Swed\w+|Norw\w+|Korea\w*|Russia\w*|Dutch|Netherlands|Greece|Greek|Portug\w+|"
    r"Ireland|Irish|Poland|Polish|Israel\w*|Africa\w*|Indonesia\w*|Thai\w*|Philippine\w*|Hong Kong|Taiwan\w*|New Zealand|Venezuela\w*|Colombia\w*|Chile\w*|Peru\w*|"
    r"Egypt\w*|Nigeria\w*|Saudi|global|world|worldwide|OECD|emerging|overseas|abroad|foreign|country’s|countries|Belgi\w+|Danish|Denmark|Finland|Austria\w*|Tokyo|London|Berlin|Beijing|Frankfurt|"
    r"Yugoslav\w*|Hungar\w+|Czech|Zambia\w*|Kenya\w*|Sri Lanka|Pakistan\w*|Bangladesh|Malaysia\w*|Singapore\w*|Vietnam\w*)\b"
)
_HOURS = re.compile(
    r"\b(?:(?:early|morning|mid-?day|midmorning|afternoon|early afternoon|late morning|late-morning) (?:trading|trade)|as of \d{1,2}(?::\d\d)? ?[ap]\.?m|"
    r"at \d{1,2}:\d\d ?[ap]\.?m)",
    re.IGNORECASE,
)
_HOME = re.compile(
    r"\b(?:U\.S|US|United States|America|Labor Department|Bureau of Labor|Treasury|Treasurys|Treasuries|Federal Reserve|Fed|Wall Street|"
    r"S&P 500|Dow Jones|Nasdaq|Russell 2000)\b"
)
_SEVERAL = 2  # contradicted claims that another day of publication would bear out
_SHIFTS = (-1, 1, -3, 3, -7, 7)  # days
_DAYLIKE = frozenset({"weekday", "day", "today"})
_UPTO = re.compile(r"(?:through|until|up to)\b", re.IGNORECASE)
# A paragraph that also speaks of a week, a month or a half is not only about the day that it names.
_PERIODS = re.compile(r"(?<![\w-])(?:week|month|quarter|year|half|halves)(?:s|ly)?\b(?!-)", re.IGNORECASE)
# "its first gain since unveiling new phones on Tuesday": that day is the unveiling's, not the paragraph's.
_OTHERS_DAY = re.compile(
    r"\b(?:since|after|before|until|following|ahead of|when|once|as of|through)\b[^,;]*$", re.IGNORECASE
)


def audit(script: Script, view_for: Callable[[date], MarketView]) -> Audit:
    """The findings of an article, judged as of the day it is dated. `view_for` gives the market as of a date.

    BadParameter where the article has no date; NoData where the store's calendar does not reach it.
    """
    if script.dated is None:
        raise BadParameter(f"{script.path}: the article says no date; give one with --as-of YYYY-MM-DD")
    reader = _Auditor(script, view_for)
    found = reader.run()
    if not found.contradicted:
        return found
    # asked again, now that it is known which days the article's other figures bear out
    moves = reader.moves
    again = _Auditor(script, view_for, borne=frozenset(moves.bears), over=frozenset(moves.closes)).run()
    return _of_another_day(again, script, view_for)


def _of_another_day(found: Audit, script: Script, view_for: Callable[[date], MarketView]) -> Audit:
    """The same, where several contradicted claims would hold were the article of a day nearby: then its day is in doubt."""
    wrong = [one for one in found.findings if one.status == "contradicted"]
    dated = found.dated
    if len(wrong) < _SEVERAL or script.why in {"", "--as-of"}:  # nobody's vote, or the reader's own word
        return found
    if len(wrong) * 2 <= found.counts["verified"]:
        return found  # it is right of its day more often than not
    for shift in _SHIFTS:
        day = dated + timedelta(days=shift)
        try:
            other = _Auditor(replace(script, dated=day), view_for).run()
        except BroadtapeError:
            continue
        held = {(one.sentence, one.text, one.kind) for one in other.findings if one.status == "verified"}
        turned = [one for one in wrong if (one.sentence, one.text, one.kind) in held]
        if len(turned) < _SEVERAL or other.counts["verified"] <= found.counts["verified"]:
            continue
        reason = f"it would hold were the article of {day}, as would others of it: its day is in doubt"
        findings = tuple(
            replace(one, status="unverifiable", reason=f"{reason}; {one.reason}") if one in turned else one
            for one in found.findings
        )
        return replace(
            found,
            findings=findings,
            notices=(*found.notices, f"more of it holds as of {day} than as of {dated}"),
        )
    return found


class _Auditor:
    """One article."""

    def __init__(
        self,
        script: Script,
        view_for: Callable[[date], MarketView],
        *,
        borne: frozenset[date] | None = None,
        over: frozenset[date] = frozenset(),
    ) -> None:
        assert script.dated is not None
        self.script, self.dated = script, script.dated
        self.measures = Measures(view_for, self.dated)
        view = self.measures.view
        self.names = directory(view)
        self.calendar = Calendar(view, self.dated)
        titles = table_for(view).titles
        self.moves = MoveJudge(
            self.measures, self.calendar, titles, closed=script.closed, borne=borne, over=over
        )
        self.rates = RateJudge(self.measures, self.calendar)
        self.policies = PolicyJudge(self.measures, self.calendar)
        self.hours = False  # the article speaks of hours of its day
        closed = script.closed or self.dated in over
        self.histories = HistoryJudge(self.measures, self.calendar, titles, closed=closed)

    def run(self) -> Audit:
        """Sentence by sentence; the quotes table last."""
        context = Context(closed=self.script.closed)
        text = "\n".join(passage.text for passage in self.script.passages)
        self.hours = not self.script.closed and _HOURS.search(text) is not None
        self.rates.cautious = len(_ABROAD.findall(text)) >= len(_HOME.findall(text))
        found: list[Finding] = []
        for sentence in sentences(self.script.passages):
            found += self._sentence(sentence, context)
        found += judge_quotes(self.script.quotes, self.names, self.measures, self.calendar)
        return Audit(self.script.path, self.dated, self.script.why, tuple(found), self.script.notices)

    def _sentence(self, sentence: Sentence, context: Context) -> Iterable[Finding]:
        if sentence.paragraph != context.paragraph:
            context.paragraph, context.spans, context.mixed = sentence.paragraph, (), False
        tokens = scan(sentence, self.names)
        clauses = Clauses(sentence, tokens, context)
        self._heads(clauses, context)
        told = any(token.span is not None and token.span.kind != "partial" for token in tokens)
        moves = [self._carried(claim, context, told=told) for claim in assertions(clauses)]
        covered = cover(clauses, [*moves, *Phrases(clauses).read()])
        found: list[Finding] = []
        for _, siblings in groupby(covered[: len(moves)], key=lambda claim: claim.sibling):
            group = list(siblings)
            found += self._judge(group)
        found += self.policies.read(clauses)
        found += [self.histories.judge(claim) for claim in covered[len(moves) :]]
        found += leftovers(clauses, sentence)
        days = [
            (token.span, _OTHERS_DAY.search(sentence.text[: token.start]) is not None)
            for token in tokens
            if token.span is not None
            and token.span.kind in _DAYLIKE
            and token.span.role not in {"since", "than"}
        ]
        own = tuple(span for span, other in days if not other)
        if own:
            context.spans = own
        elif days and context.spans:
            context.spans = tuple(dict.fromkeys((*context.spans, *(span for span, _ in days))))
        periods = _PERIODS.search(sentence.text) is not None
        context.mixed = periods if own else context.mixed or periods
        return found

    @staticmethod
    def _heads(clauses: Clauses, context: Context) -> None:
        """Keeps "For the week:" for the lines after it, until a heading, another time or a dozen sentences."""
        context.lead_age += 1
        if clauses.sentence.heading and not clauses.lead_in():
            context.lead = ()
        lead = clauses.lead_in()
        told = any(token.span is not None for token in clauses.tokens)
        if lead:
            context.lead, context.lead_age = tuple(lead), 0
        elif context.lead_age > 12 or told:
            context.lead = ()

    @staticmethod
    def _carried(claim: Assertion, context: Context, *, told: bool) -> Assertion:
        """A claim without a time of its own takes the day that its paragraph speaks of.

        `told`: its sentence has a time elsewhere, which may be its own: then that day only bears it out.
        """
        if any(span.kind in _DAYLIKE and _UPTO.match(span.text) for span in claim.spans):
            # "gained 4.3% through August 16th": where its time ends, not the day of the move
            claim = replace(claim, certain=False, more={**claim.more, "doubtful": True})
        if context.lead and not claim.spans:
            more = {**claim.more, "carried": True, "headed": True, "doubtful": False}
            return replace(claim, spans=context.lead, more=more, perfect=False)
        if claim.perfect or not context.spans:
            return claim
        if claim.more.get("borrowed") and not claim.certain:
            return replace(claim, spans=(*claim.spans, *context.spans))
        if claim.spans:
            return claim
        mixed = context.mixed or _PERIODS.search(claim.sentence.text) is not None
        doubtful = told or mixed or bool(claim.more.get("doubtful"))
        return replace(claim, spans=context.spans, more={**claim.more, "carried": True, "doubtful": doubtful})

    def _during(self, claim: Assertion) -> Assertion:
        """A claim about the very day of an article that was published before the close speaks of hours."""
        if not (self.script.open or self.hours) or claim.on or claim.more.get("closing"):
            return claim
        readings = [one for span in claim.spans for one in self.calendar.readings(span) if not one.weak]
        today = not claim.spans or any(one.last == self.dated for one in readings)
        return replace(claim, on="intraday") if today else claim

    def _judge(self, group: list[Assertion]) -> list[Finding]:
        group = [self._during(claim) for claim in group]
        first = group[0]
        entity = first.entity
        assert entity is not None
        if first.label == "forecast" and entity.kind == "macro" and first.kind == "level":
            return [self._condition(one) for one in self.rates.judge(group)]
        if first.label == "forecast":
            return [
                finding(claim, "forecast", "a forecast, a condition or a possibility: not judged")
                for claim in group
            ]
        if first.label == "negated":
            return [
                unverifiable(claim, "a denial or a correction of another figure: not judged")
                for claim in group
            ]
        if entity.kind in _NATIONAL and _ABROAD.search(first.sentence.text):
            return [
                unverifiable(
                    claim,
                    f"the store has readings of the United States only, not of other countries' {entity.name}",
                )
                for claim in group
            ]
        if entity.missing:
            return [unverifiable(claim, f"the store has no {entity.missing}") for claim in group]
        if entity.kind in PRICED and entity.symbols:
            return self.moves.judge(
                [
                    claim
                    for claim in group
                    if claim.amount is None or claim.amount.unit in {"percent", "points", "USD", "number"}
                ]
            )
        if entity.kind in RATED:
            return self.rates.judge(group)
        if entity.kind == "policy":
            return []
        return [unverifiable(claim, f"the store has nothing to judge {entity.name!r} by") for claim in group]

    @staticmethod
    def _condition(one: Finding) -> Finding:
        """A figure that a condition takes for granted ("if inflation stays near 2.7%"): never contradicted."""
        status: Verdict = "verified" if one.status == "verified" else "unverifiable"
        return replace(one, status=status, reason=f"a condition; what it takes for granted: {one.reason}")
