"""How market prose words a history: the patterns of streaks, records, superlatives, crossings and distances.

Owns wordings; finds no subject and no time.
"""

from __future__ import annotations

import re

COUNT = r"(?:\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty)"
ORD = (
    r"(?:\d{1,3}(?:st|nd|rd|th)|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|"
    r"fourteenth|fifteenth|sixteenth)"
)
UNIT = r"(?:trading day|day|trading session|session|week|month|quarter|year)"
UPS = r"(?:gains?|advances?|wins?|increases?|rises?|up day)"
DOWNS = r"(?:loss(?:es)?|declines?|drops?|falls?|decreases?|retreats?|down day)"
SINCE_OR_IN = (
    r"(?P<since>since\b.{0,60}|in (?:about |nearly |almost |more than |over |roughly |at least |just over )?(?:an?|\d+|"
    + COUNT
    + r") (?:days?|weeks?|months?|quarters?|years?)|(?:of|this|so far this|for) (?:the |this )?year(?: so far)?|on record|ever|in history)"
)

STREAK_ORDINAL = re.compile(
    rf"\b(?P<n>{ORD})[ -](?:straight|consecutive|successive)[ -](?:(?P<per>daily|weekly|monthly|quarterly|annual|yearly) )?"
    rf"(?:(?P<unit>{UNIT})s?(?: of (?:(?P<up1>{UPS})|(?P<down1>{DOWNS})))?|(?P<up2>{UPS}|winning {UNIT})|(?P<down2>{DOWNS}|losing {UNIT}))\b",
    re.IGNORECASE,
)
STREAK_LONG = re.compile(
    rf"\b(?P<n>{COUNT})[ -](?P<unit>{UNIT})s?[ -](?P<side>winning|losing|win) (?:streak|run|skid|stretch)|"
    rf"(?P<side2>winning|losing) streak (?:of|to|at|for|reached|stretched to|extended to) (?P<n2>{COUNT}) (?:straight )?(?P<unit2>{UNIT})s?|"
    rf"\b(?P<n3>{COUNT}) (?:straight|consecutive) (?:(?P<unit3>{UNIT})s(?: of (?P<what>gains|losses|declines|advances))?|(?P<per3>daily|weekly|monthly) (?P<what3>gains|losses|declines|advances))",
    re.IGNORECASE,
)
ENDED = re.compile(
    r"\b(?:snap(?:s|ped|ping)?|end(?:s|ed|ing)?|broke|break(?:s|ing)?|halt(?:s|ed|ing)?|stopp(?:ed|ing)|after|following)\s+(?:an?|its|their|the|his)?\s*$",
    re.IGNORECASE,
)
LONGEST = re.compile(
    r"\blongest (?:(?P<per>daily|weekly|monthly) )?(?P<side>winning|losing) (?:streak|run) " + SINCE_OR_IN,
    re.IGNORECASE,
)
OVER = re.compile(
    r"\b(?:ends|ended|ending|snaps|snapped|broke|broken|breaks|is over|was over|halted|came to an end|comes to an end|stopped)\b",
    re.I,
)
RELATIVE_STREAK = re.compile(
    r"(?P<longest>longest |record-breaking )?(?:(?P<n>\d{1,3}|"
    + COUNT
    + r")[ -](?P<unit>session|day|week|month)[ -])?"
    r"(?:winning |outperformance )?(?:streak|run)(?: of (?:relative )?outperformance)? (?:against|versus|vs\.|over|relative to) (?:the )?",
    re.IGNORECASE,
)
TREND = re.compile(
    r"\b(?:sustained|consistent|current|steady|unbroken)?\s*(?P<n>\d{1,2}|"
    + COUNT
    + r")[ -](?P<unit>session|day|week|month)[ -](?:long )?"
    r"(?:trend|streak|run|stretch|winning streak)\b",
    re.IGNORECASE,
)
EVERY_MONTH = re.compile(
    r"\b(?:has |have )?(?:consistently |steadily )?(?:outperform(?:ed|s)|beat(?:en)?|outpaced|led|topped) (?:the )?(?P<other>.{3,40}?),? "
    r"(?:on an? (?P<basis>daily|weekly|monthly) basis|(?:in )?(?:each|every) (?:single )?(?P<every>session|day|week|month))(?: since|,|\.|\b)",
    re.IGNORECASE,
)
RECORD = re.compile(
    r"(?<![\w-])(?P<nth>" + ORD + r" )?(?:(?P<fresh>fresh|new|another|closing|all-time closing|intraday) )*"
    r"(?P<word>all-time (?:closing |intraday )?(?:highs?|peaks?|lows?|close)|record (?:closing |intraday )?(?:highs?|lows?|close|closes|levels?|peaks?|finish|territory|day)|"
    r"records?(?= (?:on|Monday|Tuesday|Wednesday|Thursday|Friday|this|again|of the|of 20)|[,.;]|$)|closing record|closing high|lifetime high|52-week (?:high|low)|one-year (?:high|low))(?!\w)(?! of (?!\$?\d|the year|this year))(?! (?:in|for) (?!20\d\d|January|February|March|April|May|June|July|August|September|October|November|December|the |a |its |more |nearly |about |\d))",
    re.IGNORECASE,
)
RECORD_VERB = re.compile(
    r"(?:\b(?:hit|hits|hitting|set|sets|setting|notch(?:ed|es|ing)?|reach(?:ed|es|ing)?|post(?:ed|s|ing)?|log(?:ged|s|ging)?|scor(?:ed|es|ing)|clos(?:ed|es|ing)(?: [A-Z]\w+day)? at|"
    r"end(?:ed|s|ing)?(?: [A-Z]\w+day| the (?:day|week|month|year|session))? at|finish(?:ed|es|ing)?(?: [A-Z]\w+day)? at|settl(?:ed|ing) at|"
    r"climb(?:ed|s|ing)? to|rose to|ris(?:es|ing) to|jump(?:ed|s|ing)? to|surg(?:ed|es|ing) to|rall(?:ied|ies|ying) to|advanc(?:ed|ing) to|soar(?:ed|s|ing)? to|push(?:ed|es|ing)? to|"
    r"mark(?:ed|s|ing)?|made|making|touch(?:ed|es|ing)?|st(?:ood|ands) at|was|were|seal(?:ed|ing)|clinch(?:ed|ing)|for|fell to|dropped to|sank to|slid to|tumbled to) "
    r"(?:yet )?(?:an?|the|its|their|his|both|to|at|fresh|new|another|all-time|record| )*)$",
    re.IGNORECASE,
)
EXTREME = re.compile(
    r"\b(?P<side>highest|lowest|strongest|weakest)(?: (?P<on>closing|intraday))?(?: (?P<noun>close|closing level|closing price|finish|settlement|level|levels|point|price|reading|yield|rate|mark|value))?"
    r"(?: on record)? ?" + SINCE_OR_IN,
    re.IGNORECASE,
)
BEST = re.compile(
    r"\b(?P<side>best|worst|biggest|largest|strongest|weakest|steepest|sharpest|greatest)(?: (?P<kind>one-day|single-day|daily|weekly|monthly|quarterly|annual|yearly))?"
    r"(?: (?P<pct>percentage|point))?(?: (?P<unit>day|session|trading day|week|month|quarter|year))?"
    r"(?: (?P<noun>gain|gains|loss|losses|drop|decline|advance|rise|jump|fall|slide|increase|percentage gain|percentage drop|performance|showing|rally|plunge|sell-off|selloff|return|retreat|pullback|slump))?"
    r" " + SINCE_OR_IN,
    re.IGNORECASE,
)
CROSS = re.compile(
    r"\b(?P<verb>cross(?:ed|es|ing)?(?: above| over| through)?|topp(?:ed|ing)|tops|surpass(?:ed|es|ing)?|eclips(?:ed|ing)|breach(?:ed|es|ing)?|"
    r"(?:rose|climbed|closed|broke|moved|pushed|jumped|surged|rallied|finished|ended|settled|traded|soared|vaulted|rising|climbing|closing|breaking|pushing|ending|crept|popped|advanced|broken|risen|moving) (?:above|past|through|over|beyond)|"
    r"(?:fell|dropped|slipped|dipped|closed|broke|slid|tumbled|sank|ended|finished|settled|plunged|traded|falling|dropping|slipping|closing|sinking|retreated|fallen) (?:below|under|beneath|through))"
    r"(?: (?:the|a|its))?(?: (?:key|closely watched|psychological(?:ly important)?|historic|milestone|major|symbolic|round-number))?(?: level of)? (?P<money>\$)?(?P<level>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<pct>%| percent)?"
    r"(?:[- ](?:point )?(?:mark|level|threshold|milestone|barrier|points))?(?P<first>[^.]{0,30}? for the first time(?P<ever> ever| in history)?)?",
    re.IGNORECASE,
)
DISTANCE = re.compile(
    r"(?P<within>within )?(?P<hedge>about |around |roughly |nearly |almost |more than |over |less than |just |at least |some |just over |just under )?(?P<n>\d{1,3}(?:\.\d+)?|"
    + COUNT
    + r")(?:%| percent) "
    r"(?:(?P<dir>below|from|off|under|shy of|short of|away from|lower than|down from|of)) (?:its|their|the|a)(?: [A-Z][a-z]+\.?(?: \d{1,2})?,?)? ?"
    r"(?P<peak>record(?: (?:closing )?high| close| set| peak)?|all-time (?:closing )?high|all-time peak|(?:recent )?peak|52-week high|(?:record|recent|January|February|March|April|May|June|July|August|September|October|November|December) (?:high|peak|record))",
    re.IGNORECASE,
)
OUTPERFORM = re.compile(
    r"\b(?P<verb>outperform(?:ed|ing|s)?|beat(?:ing)?|outpac(?:ed|ing)|underperform(?:ed|ing|s)?|lagg(?:ed|ing)|trail(?:ed|ing)|topp(?:ed|ing)) (?:the )?",
    re.IGNORECASE,
)
INVERTED = re.compile(
    r"\b(?:is|remains?|remained|stays?|stayed|has been|was|became|has|turned|are) (?:still |now |deeply |steeply |slightly |briefly )*(?P<no>no longer |un-?|dis-?)?"
    r"(?:inverted|upward[- ]sloping(?P<up>)|positively sloped(?P<up2>))\b",
    re.IGNORECASE,
)
OTHER_CURVES = re.compile(
    r"\b(?:(?:three|3|six|6)-months?|(?:five|5|30|seven|7|one|1)-year)\b", re.IGNORECASE
)
NOW = re.compile(r"\b(?:is|are|now|remains?|sits?|stands?|still)\b[^.]{0,20}$", re.IGNORECASE)
NEGATED = re.compile(
    r"\b(?:not(?! (?:merely|only|just|simply))|n’t|never|no|nor|without|avoid(?:ed|ing)?|fail(?:ed|ing)? to|short of|far from|instead of|rather than)\b[^,;]{0,40}$",
    re.IGNORECASE,
)
FORECAST = re.compile(
    r"\b(?:will|would|could|(?-i:may)|might|should|on pace|on track|on course|headed|heading|poised|set|expect(?:s|ed)?|likely|if|unless|aim(?:s|ing)?|target(?:s|ing)?|forecast(?:s|ing)?|projected|hop(?:e|es|ing)|before|until|once|whether|when it|toward|towards|almost|nearly|threaten(?:s|ed|ing)?|"
    r"within (?:striking distance|reach|sight) of|on the verge of|eye(?:s|ing)|closing in on|bid(?:ding)? for)\b[^,;]{0,50}$",
    re.IGNORECASE,
)

# "the last time it rose five weeks in a row", "historically": of another time than the article's, or of a rule.
ELSEWHEN = re.compile(
    r"\b(?:(?:the )?last time|last saw|(?:go|going|dat(?:es|ing)) (?:all the way )?back to|historically|typically|usually|on average|averaged|generally|tends? to)\b[^;]*$",
    re.IGNORECASE,
)
# "a 16% rally in nine straight weeks of gains", "a run that began in October": a run named in passing need not be the present one.
PASSING_RUN = re.compile(
    r"\b(?:in|during|over|through|across|of|with|than|see|saw|like)\s+(?:the |an? |its |their )?(?:(?:last|past|previous|prior|earlier) )?$",
    re.IGNORECASE,
)
RUN_DATED = re.compile(
    r"^[^,;.]{0,12}\b(?:starting|beginning|that (?:began|started|ended|ran)|which (?:began|started|ended)|from|through|ending)\b",
    re.IGNORECASE,
)
WOULD = re.compile(r"^\W*(?:in \d{4} )?(?:would|could|might|will)\b", re.IGNORECASE)
BEHIND_SINCE = re.compile(r"\b(?:since|until|till|before|than)\s+(?:the |its |their |an? )?$", re.IGNORECASE)
NAMED_LAST = re.compile(r"(?P<name>[A-Z][\w.&’-]*)\s*(?:\([^)]{1,12}\)\s*)?$")
BESIDE = re.compile(r"^\s*(?:on|in|for|during|late|early)?\s*$", re.IGNORECASE)

# Nouns behind a name under which it is still the name's own price that is spoken of.
OWN = frozenset(
    {
        "streak",
        "winning",
        "losing",
        "rally",
        "run",
        "price",
        "closed",
        "close",
        "closing",
        "longest",
        "third",
        "best",
        "worst",
        "straight",
    }
)

INDEX_WORDS = frozenset({"Index", "Average", "Composite", "Shares", "Stocks", "ETF", "Fund"})
