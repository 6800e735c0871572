"""The words and characters that a desk text may hold besides names, figures, dates and controlled words.

Owns the closed list of words that claim nothing by themselves; what the controlled words claim is lexicon's.
A word in neither list may turn a true statement false ("supposedly", "annualized", "a myth that"), and no denial
list is long enough: so the desk's texts hold no word that proof does not know. Add a word here only if no fact
could make it false wherever it stands; one that says something belongs in the lexicon, with the tag that earns it.
"""

from __future__ import annotations

import re
from typing import Final

from broadtape.desk.claims import lexicon
from broadtape.desk.claims.tokens import Plain, Proper, Token

# Anywhere: grammar, the verbs and nouns of market prose without direction, size, order or cause.
_NEUTRAL: Final = lexicon.words("""
    a an the this that these those it its itself they them their theirs which who whom whose what there here own
    such same other others one ones some
    of to in on at for from by with against among amongst between across into onto out off over through throughout
    during within along alongside toward towards via until till than versus vs as up
    and or but yet while whereas when where then so plus
    is are was were be been being has have had do does did
    near peers again also too meanwhile altogether together overall apart thus respectively elsewhere separately far
    well     now way fact comparison turn terms addition
    begin begins began begun beginning start starts started starting finish finishes finished finishing
    stand stands stood standing come comes came coming make makes made making take takes took taken taking
    put puts set sets setting see sees saw seen post posts posted posting notch notches notched notching
    log logs logged logging register registers registered registering record recorded recording
    show shows showed shown showing return returns returned returning rank ranks ranked ranking
    measure measures measured measuring count counts counted counting total totals totaled totaling totalled
    amount amounts amounted amounting bring brings brought bringing leave leaves left leaving
    reach reaches reached reaching go goes went going move moves moved moving change changes changed changing
    follow follows followed following stay stays stayed staying remain remains remained remaining
    span spans spanned spanning cover covers covered covering settle settles settled settling
    replace replaces replaced replacing give gives gave given giving get gets got keep
    date dates dated calendar brief look note line chart table figure figures number numbers list lists
    index indexes indices benchmark benchmarks gauge gauges barometer stock stocks share shares equity equities
    company companies firm firms fund funds market markets price prices value values level levels mark
    gap margin difference differences distance period periods window windows time times stretch stretches length
    found data desk field place places side sides rest kind kinds sort sector sectors group groups territory ground
    cycle cycles step steps filing filings filed files file fiscal results earnings diluted
    barrel barrels ounce food energy
    statement report decision decisions rate rates range target policy interest reading readings series yield
    yields publish publishes published release releases released pace size history trading sign general broad
    broader relative cumulative present row least much long
""")
# Inside a claim only, where the dates beside them are judged: outside links they would move it in time.
_ORDER: Final = lexicon.words("after before")
# Outside links these would turn a statement into a question or a condition when they come first.
_INVERTING: Final = lexicon.words("is are was were be has have had do does did")

_FOREIGN: Final = re.compile(
    r"[^\w\s.,;:!%$&’‘“”'\"()/+\-\u2010-\u2015\u2212…·]|_|\+(?!\d)|(?<=[\d%])\+|[²³¹¼½¾ªº×÷]"  # figures in disguise
    r"|[^\x00-\u024f\u2009\u2010-\u2015\u2018-\u201d\u2026\u202f\u2212]"  # other scripts, invisible characters
)


def is_neutral(word: str) -> bool:
    """Whether a word, or a phrase of the lexicon's plain ones, claims nothing wherever it stands."""
    lower = word.lower().rstrip(".").removesuffix("’s")
    return lower in _NEUTRAL or lexicon.is_plain_phrase(lower)


def stranger(token: Token, *, outside: bool = False) -> str:
    """Why a word may not stand in a desk text; empty when it may, and for tokens that are judged otherwise.

    `outside`: it stands around the links of a sentence, not in one.
    """
    if not isinstance(token, Plain | Proper):
        return ""
    lower = token.text.lower()
    if outside and token.start == 0 and lower in _INVERTING:
        return f"{token.text!r} opens a question or a condition"
    if lower in _ORDER:
        return f"{token.text!r} tells an order of events outside a fact link" if outside else ""
    return "" if is_neutral(lower) else f"{token.text!r} is no word that proof knows; say it in plainer words"


def foreign(text: str) -> str:
    """The first character that readers and proof might read differently; empty when there is none."""
    found = _FOREIGN.search(text)
    return found.group() if found else ""
