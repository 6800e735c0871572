"""Clauses into assertions of moves and levels: who rose by how much, to what level, over which stretch of time.

A small grammar over token codes (scan.CODES). It reads what it knows from end to end; an unknown word between subject
and verb, or between verb and figure, ends the reading: what is not understood is not judged. Owns no days, no values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from broadtape.desk.audit.context import Context, Move
from broadtape.desk.audit.parts import Amount, Entity, Sentence, Span, Token
from broadtape.desk.audit.sentences import quoted

_FIGURES = frozenset("FQBODN")
_UP, _DOWN = frozenset("Ug+"), frozenset("Lk-")
_BEFORE_SUBJECT = frozenset("csAwWqHSRzpjd@KX")
_AFTER_CLAIM = frozenset("csARwWpqK@")
_HARMLESS_AFTER = frozenset({"mark", "level", "apiece", "each", "overall", "altogether", "alone", "total"})
_PER_UNIT = frozenset(
    {"barrel", "ounce", "share", "gallon", "ton", "troy", "pound", "euro", "bushel", "coin"}
)
_LEVEL_WORDS = frozenset(
    {"record", "all-time", "high", "close", "low", "level", "of", "closing", "fresh", "mark", "new"}
)
_INFINITIVES = frozenset({"close", "end", "finish", "settle", "reach"})
_HARMLESS_CAUSES = frozenset("nyb")  # on strong earnings, for a third day, by the close
_PASSING = frozenset(
    {
        "was",
        "were",
        "is",
        "are",
        "be",
        "been",
        "being",
        "stood",
        "stands",
        "remained",
        "remains",
        "hovered",
        "hovering",
        "trading",
        "traded",
    }
)
_GENERAL = re.compile(
    r"\b(?:on average|an average|averaged?|median|typically|historically|usually|tends?|generally|annualized|annualised|compounded|inflation-adjusted|adjusted for|"
    r"in real terms|dividends|total return|reinvested|in (?:euro|dollar|yen|sterling|local[- ]currency) terms|(?:each|every|any|all) (?:time|year|month)s?|years? (?:in which|when|that)|"
    r"hypothetical|backtest|simulat\w+|a \$?[\d,]+ investment|would have)\b",
    re.IGNORECASE,
)


class Clauses:
    """One sentence's tokens, read once."""

    def __init__(self, sentence: Sentence, tokens: Sequence[Token], context: Context) -> None:
        self.sentence, self.tokens, self.context = sentence, tokens, context
        self.codes = "".join(token.code for token in tokens)
        self.moves: list[Move] = []
        self.used: set[int] = set()  # positions of figures that a claim took
        self.quotes = quoted(sentence.text)
        self.general = _GENERAL.search(sentence.text) is not None

    # --- looking ----------------------------------------------------------------------------------------

    def code(self, place: int) -> str:
        """The code at a position; "." past either end."""
        return self.codes[place] if 0 <= place < len(self.codes) else "."

    def word(self, place: int) -> str:
        """The word at a position in lower case; "" past either end."""
        return self.tokens[place].text.lower() if 0 <= place < len(self.tokens) else ""

    def skip(self, place: int, codes: str) -> int:
        """The first position from `place` whose code is none of these."""
        while place < len(self.codes) and self.codes[place] in codes:
            place += 1
        return place

    def entity(self, place: int) -> Entity | None:
        """The entity at a position, references resolved."""
        found = self.tokens[place].entity
        return None if found is None else self.context.resolve(found)

    def within(self, start: int, end: int) -> range:
        """The positions of the tokens of a stretch of the text."""
        inside = [place for place, token in enumerate(self.tokens) if start <= token.start < end]
        return range(inside[0], inside[-1] + 1) if inside else range(0)

    def reach(self, start: int, end: int, named: str) -> tuple[int, int]:
        """The positions from the last name of someone (or of a kind) before a stretch of the text to its end; else from
        the stretch's start to the first such name behind it."""
        inside = self.within(start, end)
        found = [
            place
            for place, token in enumerate(self.tokens)
            if token.entity is not None
            and (named in {token.entity.name, token.entity.kind} or token.entity.kind == "reference")
        ]
        before = [place for place in found if place < inside.start]
        if before:
            return before[-1], inside.stop
        return inside.start, next((place + 1 for place in found if place >= inside.stop), inside.stop)

    def spans(self) -> tuple[Span, ...]:
        """Every stretch of time of the sentence."""
        return tuple(token.span for token in self.tokens if token.span is not None)

    # --- reading ----------------------------------------------------------------------------------------

    def read(self) -> list[Move]:
        """Every move and level of the sentence."""
        place = 0
        last: Move | None = None
        subject = -1
        while place < len(self.codes):
            code = self.codes[place]
            move = None
            if code == "E":
                move = self._noun(place) or self._statement(place, last)
                if move is None:
                    subject = place if self.clean_before(place) else -1
            elif last is not None and place == last.end:
                move = self._continued(place, last.subjects, last)
            elif (
                code == "c"
                and subject >= 0
                and self.code(place + 1) in "UL"
                and self.word(place + 1).endswith("ing")
            ):
                entity = self.entity(subject)
                if entity is not None and not entity.owner and place - subject < 14:
                    move = self._continued(place, [entity], None)
            if move is None:
                # "the gap between the S&P 500 and the Russell 2000": what is no subject makes none of its list
                place = (
                    self._subjects(place)[1] if code == "E" and not self.clean_before(place) else place + 1
                )
                continue
            self.moves.append(move)
            last, subject = move, -1
            for one in move.subjects:
                self.context.remember(one)
            place = max(move.end, place + 1)
        return self.moves

    def _continued(self, place: int, subjects: list[Entity], last: Move | None) -> Move | None:
        """A further verb of the same subject: "… and lost 9.1% for the week", "…, rising 0.5% to 6,173.07"."""
        at = self.skip(place, "c")
        joint = self.word(at)
        if self.code(at) == "A" or joint in {"but", "yet", "after", "before"}:
            at = self.skip(at + 1, "j")
        elif at == place:
            return None
        if self.code(at) not in "ULgkavCr":
            return None
        move = Move(list(subjects), "", start=at, continued=True)
        if joint in {"after", "before"}:
            move.on = "intraday" if joint == "after" else ""
            move.vague = joint == "after"
        if last is not None:
            move.forecast = last.forecast
        verb = self._verb(at, move)
        if verb >= 0 and self.code(verb) != "H":
            found = self._figures(verb, move)
            if found is not None and (found.amounts or found.level is not None):
                return found
        if self.code(at) in "rC":
            move = Move(list(subjects), "", start=at, continued=True)
            after = at
            while self.code(after) in "raCHdjW":
                if self.code(after) == "W":
                    self._span(after, move)
                after += 1
            return self._figure_noun(after, move)
        return None

    def _subjects(self, place: int) -> tuple[list[Entity], int, int]:
        """The entities of a list that starts here, where it ends, and how many of them were printed."""
        found: list[Entity] = []
        at, printed = place, 0
        while self.code(at) == "E":
            entity = self.entity(at)
            printed += 1
            if entity is not None:
                found.append(entity)
            following = self.skip(at + 1, "c")
            if self.code(following) == "A":
                following += 1
            following = self.skip(following, "dj")
            if (
                following > at + 1
                and self.code(following) == "E"
                and set(self.codes[at + 1 : following]) & set("cA")
            ):
                at = following
                continue
            return found, at + 1, printed
        return found, at, printed

    def clean_before(self, place: int) -> bool:
        """Whether the name at a position can be a subject: nothing before it makes it part of something else."""
        before = place - 1
        while before >= 0 and self.codes[before] in "dj":
            before -= 1
        if before > 0 and self.codes[before] in "Ac" and self.codes[before - 1] == "x":
            stranger = self.tokens[before - 1].text
            if self.codes[before] == "A" and stranger[:1].isupper():
                return False  # "Netflix and Amazon gained 0.6% and 0.4%", Netflix not being known
        if before < 0 or self.codes[before] in _BEFORE_SUBJECT:
            return True
        return self.codes[before] == "x" and self.word(before) in {
            "today",
            "meanwhile",
            "separately",
            "elsewhere",
            "earlier",
            "later",
        }

    def _statement(self, place: int, last: Move | None) -> Move | None:
        """Subject, verb, figures; or, after another statement, subject and figures alone."""
        if not self.clean_before(place):
            return None
        subjects, at, printed = self._subjects(place)
        if not subjects or len(subjects) != printed or any(one.owner for one in subjects):
            return None
        move = Move(subjects, "", start=place)
        before = self.code(self.skip_back(place - 1, "djc"))
        move.forecast = self.code(self.skip_back(place - 1, "dj")) == "X"
        move.on = "intraday" if before == "@" else ""
        at = self._apposition(at, move)
        verb = self._verb(at, move)
        if verb < 0 and self.word(at) == ":" and self.code(at + 1) in "FO":
            amount = self.tokens[at + 1].amount  # "S&P 500: -0.16% or -4.27 points to 2,659.41"
            if amount is None or not amount.sign:
                return None
            move.side = "up" if amount.sign > 0 else "down"
            return self._figures(at + 1, move)
        if verb < 0:
            if (
                last is None
                or not last.side
                or self.code(at) not in _FIGURES
                or not self._joined(last.end, place)
            ):
                return None
            move.side, move.perfect, move.forecast = last.side, last.perfect, last.forecast
            move.elliptical = True
            return self._figures(at, move)
        return self._figures(verb, move)

    def _joined(self, end: int, place: int) -> bool:
        """Whether nothing but joints stands between two statements."""
        return all(code in "cAwsdjRW" for code in self.codes[end:place])

    def _apposition(self, at: int, move: Move) -> int:
        """Past a window or an insertion between commas or brackets."""
        for _ in range(2):
            if self.code(at) == "p":
                close = self.codes.find("p", at + 1)
                if close < 0 or close - at > 10 or set(self.codes[at:close]) & set("FQBOXUL"):
                    return at
                at = close + 1
            elif self.code(at) == "c":
                close = self.codes.find("c", at + 1)
                inside = self.codes[at + 1 : close] if close > 0 else ""
                if not inside or len(inside) > 16 or set(inside) & set("FQBODEX!sq+"):
                    return at
                if inside.strip("W") == "":
                    move.spans += [span for one in range(at + 1, close) if (span := self.tokens[one].span)]
                elif self.code(at + 1) in _UP | _DOWN or inside[0] in "AvC":
                    return at
                at = close + 1
        return at

    def _verb(self, at: int, move: Move) -> int:
        """Reads the verb phrase into the move; where its figures start, or -1."""
        begin, copular = at, False
        while at < len(self.codes):
            code = self.codes[at]
            if code == "a":
                move.perfect = move.perfect or self.word(at) in {"has", "have", "had"}
                move.vague = move.vague or self.word(at) == "had"
            elif code in "jc" and (code == "j" or (copular and self.code(at + 1) in "+-=")):
                move.each = move.each or self.word(at) in {"both", "each", "all"}
            elif code == "W" and self._span(at, move):
                pass
            elif code == "@":
                move.on = "intraday"
            elif code == "!":
                move.negated = True
            elif code == "X" or (code == "t" and move.forecast):
                move.forecast = True
            elif code in "vC":
                copular = True
                move.passing = move.passing or self.word(at) in _PASSING
                move.closing = move.closing or code == "C"
                if self.word(at) in {"opened", "traded", "trading", "trades", "hovered", "hovering"}:
                    move.on = "intraday"
                if self.word(at) in {"hit", "hits", "hitting", "reached", "touched", "reaches", "reaching"}:
                    move.on = "either"
            elif code in _UP | _DOWN | {"="}:
                if (
                    code in "gk"
                    and not move.perfect
                    and self.word(at).endswith("s") is False
                    and not self._verbal(at)
                ):
                    return -1
                move.side = "up" if code in _UP else "down" if code in _DOWN else "flat"
                move.present = self.word(at).endswith("s") and code in "ULgk"
                at += 1
                if self.code(at) in "+-":
                    at += 1
                while self.code(at) == "j" or (self.code(at) == "W" and self._span(at, move)):
                    at += 1
                return at
            else:
                break
            at += 1
        if copular and at > begin:
            return at
        return -1

    def _verbal(self, at: int) -> bool:
        """Whether "gain", "drop", "slide" at a position is a verb: a figure or "to" follows, no determiner before."""
        return self.code(at + 1) in "FODBNbtj" and self.code(at - 1) not in "do"

    def _span(self, at: int, move: Move) -> bool:
        span = self.tokens[at].span
        if span is None:
            return False
        if span.kind == "partial" or span.partial:
            move.partial = True
        if span.kind != "partial":
            # "finished 2025 with a gain": what directly follows such a verb is its time
            told = span.role == "bare" and self.code(at - 1) in "Cr"
            move.spans.append(replace(span, role="in") if told else span)
        return True

    def _figures(self, at: int, move: Move) -> Move | None:
        """The amounts, the level and the level before, and what follows them."""
        at = self.skip(at, "bdj") if self.code(self.skip(at, "bdj")) in _FIGURES else at
        start = at
        rate = (
            move.subjects[0].kind in {"macro", "yield"} and move.side in {"", "flat"} and self.code(at) == "F"
        )
        if rate:
            move.level = self._take(at)
            at += 1
        elif self.code(at) in "FODBQ" or (self.code(at) == "N" and self._points_follow(at)):
            at = self._amounts(at, move)
        if move.amounts and not move.side:
            particle = self.skip(at, "c")
            if self.code(particle) in "+-":
                move.side = "up" if self.code(particle) == "+" else "down"
                at = particle + 1
            elif move.subjects[0].kind not in {"macro", "yield"}:
                return None
        if not move.paired and self._several(at):
            return None
        at = self._levels(at, move)
        if move.level is not None:
            at = self._gain_of(at, move)
        move.end = at
        if at == start and not move.side:
            return None
        if not move.amounts and move.level is None:
            return self._bare(at, move)
        if move.before is not None and self.code(at) == "W" and self.word(at).startswith("late"):
            span = self.tokens[at].span
            move.before_spans = [span] if span is not None else []
            at += 1
        return self._tail(at, move)

    def _points_follow(self, at: int) -> bool:
        """Whether a bare number is a change in points: "rose 123 to 39,000" or "fell 200, or 0.5%"."""
        amount = self.tokens[at].amount
        following = self.skip(at + 1, "c")
        return amount is not None and amount.value < 5000 and (
            (self.code(following) == "t" and self.code(self.skip(following + 1, "dj")) == "N")
            or (self.code(following) == "R" and self.code(self.skip(following + 1, "dj")) == "F")
        )  # fmt: skip

    def _amounts(self, at: int, move: Move) -> int:
        """One statement's amounts in several units, or several subjects' amounts in one."""
        move.amounts.append(self._take(at))
        at += 1
        if not move.side and self.code(at) in "+-" and self.code(self.skip(at + 1, "c")) == "R":
            move.side = (
                "up" if self.code(at) == "+" else "down"
            )  # "closed 32.23 points higher, or 0.13%, to …"
            at += 1
        if len(move.subjects) > 1:
            listed, end = [move.amounts[0]], at
            while True:
                following = self.skip(end, "c")
                following = following + 1 if self.code(following) == "A" else following
                following = self.skip(following, "dj")
                if following == end or self.code(following) != self.codes[at - 1]:
                    break
                amount = self.tokens[following].amount
                assert amount is not None
                listed.append(amount)
                end = following + 1
            if len(listed) == len(move.subjects):
                self.used.update(range(at, end))
                move.amounts, move.paired = listed, True
                end = end + 1 if self.code(self.skip(end, "c")) == "K" and self.code(end) == "K" else end
                if self.code(end) == "c" and self.code(end + 1) == "K":
                    end += 2
                return end
        for _ in range(2):
            unit = next((self.codes[one] for one in range(at - 1, -1, -1) if self.codes[one] in _FIGURES), "")
            following = self.skip(at, "c")
            opened = self.code(following) == "p"
            following = self.skip(following + 1 if opened or self.code(following) == "R" else following, "dj")
            fresh = following > at and self.code(following) in "FODB" and self.code(following) != unit
            if not fresh or (not opened and "R" not in self.codes[at:following]):
                break
            move.amounts.append(self._take(following))
            at = following + 1
            if opened and self.code(at) == "p":
                at += 1
        return at

    def _several(self, at: int) -> bool:
        """Whether a list of figures goes on that is not this statement's alone: "0.6% and 0.4%, respectively"."""
        following = self.skip(at, "c")
        if self.code(following) == "A":
            following += 1
        following = self.skip(following, "dj")
        if following == at or self.code(following) not in "FODB" or self.code(following) != self.code(at - 1):
            return False
        return (
            "K" in self.codes[following : following + 6] or self.code(self.skip(following + 1, "W")) in "cA."
        )

    def _take(self, at: int) -> Amount:
        amount = self.tokens[at].amount
        assert amount is not None
        self.used.add(at)
        return amount

    def _levels(self, at: int, move: Move) -> int:
        """ "to 6,977.27 from 6,944.82", "at 6,977.27", with a window before it at most."""
        following, spans = self.skip(at, "c"), list(move.spans)
        while self.code(following) in "Wj" or (
            self.code(following) == "d" and self.word(following + 1) in _PER_UNIT
        ):
            if self.code(following) == "W":
                self._span(following, move)
            following += 2 if self.code(following) == "d" else 1
            following = self.skip(following, "c")
        verb = self._infinitive(following, move)
        infinitive, following = verb != following, verb
        first = self.code(following)
        came_from = first == "f" and self._level_at(following + 1) >= 0
        if first in "th" or came_from or infinitive:
            place = self._level_at(following + 1)
            if place >= 0:
                if came_from:
                    move.before = self._take(place)
                else:
                    move.level = self._take(place)
                end = place + 1
                end = self._per_unit(end)
                second = self.skip(end, "c")
                if self.code(second) == "W" and self.code(second + 1) in "tf":
                    self._span(second, move)
                    second += 1
                joint = self.code(second)
                if (came_from and joint in "th") or (not came_from and joint == "f"):
                    other = self._level_at(second + 1)
                    if other >= 0:
                        if came_from:
                            move.level = self._take(other)
                        else:
                            move.before = self._take(other)
                        end = self._per_unit(other + 1)
                return end
        if (
            not move.amounts
            and not move.side
            and self.code(at) in "FD"
            and (move.closing or self.code(at - 1) == "v")
        ):
            move.level = self._take(at)  # "the unemployment rate was 4.4%"
            return at + 1
        if at != following:
            move.spans = spans
        return at

    def _infinitive(self, at: int, move: Move) -> int:
        """The position of "at" in "to close at", "to end the day at"; of "to" in "to reach 2,465"; else the one given."""
        verb = self.word(at + 1)
        if self.code(at) != "t" or verb not in _INFINITIVES:
            return at
        if verb == "reach":
            move.on = move.on or "either"
            return at + 1
        after = at + 2
        while self.code(after) in "djW" and self.code(after) != ".":
            after += 1
        move.closing = True
        return after if self.code(after) == "h" else at

    def _gain_of(self, at: int, move: Move) -> int:
        """Past "for a gain of 42.28 points or 0.37%" behind a level; the position given where there is none."""
        noun = self.skip(self.skip(at, "c") + 1, "dj") if self.code(self.skip(at, "c")) == "y" else -1
        if noun < 0 or self.code(noun) not in "gk" or self.code(noun + 1) != "o" or move.amounts or move.side:
            return at
        figure = self.skip(noun + 2, "dj")
        if self.code(figure) not in "FOD":
            return at
        move.side = "up" if self.code(noun) == "g" else "down"
        return self._amounts(figure, move)

    def _per_unit(self, at: int) -> int:
        if self.code(at) == "d" and self.word(at + 1) in _PER_UNIT:
            return at + 2
        if self.word(at) == "per" and self.word(at + 1) in _PER_UNIT:
            return at + 2
        return at

    def _level_at(self, at: int) -> int:
        """The position of a level after "to" or "at", past "a record high of"; -1 where there is none."""
        for _ in range(7):
            code = self.code(at)
            if code in "NDF" or (code == "O" and self.tokens[at].amount is not None):
                return at
            if code in {"d", "j", "o"} or self.word(at) in _LEVEL_WORDS:
                at += 1
                continue
            break
        return -1

    def _bare(self, at: int, move: Move) -> Move | None:
        """A direction without a figure: a claim beside a window only, and only where the clause ends there."""
        if not move.side:
            return None
        while self.code(at) == "W":
            self._span(at, move)
            at += 1
        move.end = at
        if self.code(at) not in _AFTER_CLAIM | {".", "y", "n"} or self.code(at) == "R":
            return None  # "closed up or down at least 1%"
        return move

    def _tail(self, at: int, move: Move) -> Move | None:
        """Windows after the figures; an unknown word there makes the claim vague or ends the reading."""
        while True:
            following = (
                at + 1 if self.code(at) == "c" and self.code(at + 1) == "W" and self._alone(at + 1) else at
            )
            if self.code(following) == "W" and self._span(following, move):
                at = following + 1
            elif self.code(at) == "@":
                move.on = "intraday"
                at += 1
            elif self.code(at) == "j" or self.word(at) in _HARMLESS_AFTER:
                at += 1
            elif self.code(at) in "nh" and self.code(self.skip(at + 1, "d")) == "C":
                move.closing = True
                at = self.skip(at + 1, "d") + 1
            else:
                break
        move.end = at
        code = self.code(at)
        if self.word(at) == "before":
            move.on = "intraday"
        if code in _AFTER_CLAIM or code == ".":
            return move
        if code in "i" and self.code(self.skip(at + 1, "d")) == "x":
            move.vague_tail = self._words(at, 4)
            return move
        if code in _HARMLESS_CAUSES:
            return move
        if code == "H":
            return move
        if code in "foT" or code in _FIGURES:
            return None
        if code in "gk" and move.amounts:
            return None
        if self.word(at) in {"intraday"}:
            move.on = "intraday"
            return move
        move.vague_tail = self._words(at, 4)
        return None if code == "x" and move.level is None else move

    def _alone(self, at: int) -> bool:
        """Whether a window after a comma closes its clause and opens no new one."""
        return self.code(at + 1) in {".", "c", "s", "q"} and self.code(self.skip(at + 1, "c")) not in {
            "E",
            "d",
        }

    def _words(self, at: int, count: int) -> str:
        return " ".join(token.text for token in self.tokens[at : at + count])

    # --- noun forms -------------------------------------------------------------------------------------

    def _noun(self, place: int) -> Move | None:
        """ "the S&P 500’s 1.1% gain", "posted a 1.1% gain", "a 1.1% gain for the S&P 500"."""
        entity = self.entity(place)
        if entity is None:
            return None
        if (
            entity.owner
            or self.code(place + 1) == "r"
            or (self.code(place + 1) in "Ca" and self.code(place + 2) in "Hd")
        ):
            at = place + 1
            if not entity.owner and not self.clean_before(place):
                return None
            move = Move([replace(entity, owner=False)], "", start=place)
            perfect = self.code(at) == "a" and self.code(at + 1) == "r"
            while self.code(at) in "raCHdjW":
                if self.code(at) == "W":
                    self._span(at, move)
                at += 1
            move.perfect = perfect
            return self._figure_noun(at, move)
        before = self.skip_back(place - 1, "dj")
        if self.code(before) in "yionb" and self.code(before - 1) in "gk" and self.code(before - 2) in "FO":
            amount = before - 2
            opened = self.code(amount - 1)
            if opened not in {"d", "j", ".", "c", "r"}:
                return None
            move = Move([entity], "up" if self.code(before - 1) == "g" else "down", start=amount)
            move.amounts.append(self._take(amount))
            move.end = place + 1
            move.within = True
            return self._tail(place + 1, move)
        return None

    def skip_back(self, place: int, codes: str) -> int:
        """The first position from `place` backwards whose code is none of these."""
        while place >= 0 and self.codes[place] in codes:
            place -= 1
        return place

    def _figure_noun(self, at: int, move: Move) -> Move | None:
        if self.code(at) in "FO":
            noun = self.skip(at + 1, "j")
            noun = noun + 1 if self.code(noun) == "W" and self._span(noun, move) else noun
            if self.code(noun) not in "gk":
                return None
            move.side = "up" if self.code(noun) == "g" else "down"
            move.amounts.append(self._take(at))
            return self._tail(noun + 1, move)
        if self.code(at) in "gk" and self.code(at + 1) == "o" and self.code(self.skip(at + 2, "dj")) in "FO":
            move.side = "up" if self.code(at) == "g" else "down"
            place = self.skip(at + 2, "dj")
            move.amounts.append(self._take(place))
            return self._tail(place + 1, move)
        return None

    def lead_in(self) -> list[Span]:
        """The windows of "For the week:" or "On Friday: The …", which head a list; none where it does not."""
        at = self.skip(0, "dj")
        found = []
        while self.code(at) == "W":
            span = self.tokens[at].span
            if span is not None:
                found.append(span)
            at += 1
        return found if found and self.word(at) == ":" else []

    # --- windows ----------------------------------------------------------------------------------------

    def leading(self, move: Move) -> list[Span]:
        """The windows at the head of the move’s clause: "On Tuesday, the …", "in December, when the …"."""
        before = self.skip_back(move.start - 1, "dj")
        if (self.code(before) == "w" and self.word(before) == "when") or self.code(before) == "H":
            before -= 1
        if self.code(before) == "c" or self.word(before) == ":":
            before -= 1
        found = []
        when = self.word(self.skip_back(move.start - 1, "dj")) == "when"
        while self.code(before) == "W":
            span = self.tokens[before].span
            if when and span is not None and span.kind == "since-day":
                # "its worst day since Dec. 4, when it lost 3.2%": on that day, not since it
                span = replace(span, kind="day", role="in")
            if span is not None and (
                span.role in {"in", "since"} or span.kind in {"weekday", "day", "today"}
            ):
                found.append(span)
            before -= 1
        opened = self.code(before) in {".", "c", "s", "A", "w", "q", "H"}
        when = self.word(self.skip_back(move.start - 1, "dj")) in {"when", "with"}
        return found if found and (opened or when) else []

    def others(self, move: Move) -> tuple[list[Span], bool]:
        """Windows of the statements beside this one, and whether they surely are this one's too.

        They are where one of the two has no verb of its own ("… and the Nasdaq 0.8% on Tuesday"), and days are where
        nothing but joints stands between. "Added 0.8% and jumped 4.6% for the week" shares no week.
        """
        at = self.moves.index(move)
        near: list[Span] = []
        sure = False
        for step in (1, -1):
            other, end = at + step, move
            while 0 <= other < len(self.moves):
                one = self.moves[other]
                first, second = (end, one) if step == 1 else (one, end)
                joined = self._joined(first.end, second.start)
                if one.spans:
                    near += one.spans
                    days = all(span.kind in {"weekday", "day", "today"} for span in one.spans)
                    sure = sure or (joined and (second.elliptical or (days and not second.continued)))
                    break
                if not joined:
                    break
                end, other = one, other + step
        return near, sure

    def voice(self, start: int, end: int) -> str:
        """Whether a stretch of tokens stands in quotation marks."""
        a, b = self.tokens[start].start, self.tokens[max(start, end - 1)].end
        return "quoted" if any(low <= a and b <= high for low, high in self.quotes) else "article"

    def text(self, start: int, end: int) -> str:
        """The sentence's words from one token to another."""
        if end <= start:
            end = start + 1
        return self.sentence.text[self.tokens[start].start : self.tokens[min(end, len(self.tokens)) - 1].end]
