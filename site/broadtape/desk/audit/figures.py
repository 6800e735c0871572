"""What stands behind a verb: amounts, the level, the level before, and the windows after them.

Owns no subjects and no verbs (clauses); reads from a position on and says where it ends.
"""

from __future__ import annotations

from dataclasses import replace

from broadtape.desk.audit.context import Move
from broadtape.desk.audit.looking import Looking
from broadtape.desk.audit.parts import Amount

_FIGURES = frozenset("FQBODN")
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


class Figures(Looking):
    """The figures of one sentence's clauses."""

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

    def _alone(self, at: int) -> bool:
        """Whether a window after a comma closes its clause and opens no new one."""
        return self.code(at + 1) in {".", "c", "s", "q"} and self.code(self.skip(at + 1, "c")) not in {
            "E",
            "d",
        }

    def _words(self, at: int, count: int) -> str:
        return " ".join(token.text for token in self.tokens[at : at + count])
