"""Clauses into assertions of moves and levels: who rose by how much, to what level, over which stretch of time.

A small grammar over token codes (scan.CODES). It reads what it knows from end to end; an unknown word between subject
and verb, or between verb and figure, ends the reading: what is not understood is not judged. Owns no days, no values.
"""

from __future__ import annotations

from dataclasses import replace

from broadtape.desk.audit.context import Move
from broadtape.desk.audit.figures import Figures
from broadtape.desk.audit.parts import Entity, Span

_FIGURES = frozenset("FQBODN")
_UP, _DOWN = frozenset("Ug+"), frozenset("Lk-")
_BEFORE_SUBJECT = frozenset("csAwWqHSRzpjd@KX")
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


class Clauses(Figures):
    """The clauses of one sentence."""

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
        figure = at + 1 if self.word(at) == ":" else at
        if verb < 0 and self.code(figure) in "FO":
            amount = self.tokens[
                figure
            ].amount  # "S&P 500: -0.16% or -4.27 points to 2,659.41", "S&P 500 +1.9% at …"
            if amount is not None and amount.sign:
                move.side = "up" if amount.sign > 0 else "down"
                return self._figures(figure, move)
            if figure > at:
                return None
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
