"""The controlled words of market prose: which words claim something, and of which kind.

Owns vocabulary only: which fact licenses which class is entail's business.

A class is the reading under which a word may be licensed; a word may have several. `strength` is the size
a verb claims, in the steps of the stylebook: 0 little changed, 1 edged, 2 rose, 3 jumped, 4 surged.
"""

from __future__ import annotations

import re
from typing import Final


def words(text: str) -> frozenset[str]:
    """The words of a text as a set: tables of words read better so than as quoted lists."""
    return frozenset(text.split())


# class → words and phrases, separated by ";" or white space where single words; "_" stands for a space.
_CLASSES: Final[dict[str, str]] = {
    "up": """rise rises rose risen rising gain gains gained gaining add adds added adding advance advances advanced
        advancing climb climbs climbed climbing increase increases increased increasing up higher positive upward
        upwards gainer gainers winner winners rally rallies rallied rallying rebound rebounds rebounded rebounding
        recover recovers recovered recovering recovery grow grows grew grown growing growth jump jumps jumped jumping
        surge surges surged surging soar soars soared soaring spike spikes spiked spiking rocketed skyrocketed
        edged_up edges_up edge_up edging_up inched_up inches_up ticked_up ticks_up nudged_up strengthened strengthens
        strengthen appreciated leap leaps leaped leapt upside bullish uptick upturn picked_up""",
    "down": """fall falls fell fallen falling lose loses lost losing loss losses shed sheds shedding decline declines
        declined declining drop drops dropped dropping slide slides slid sliding down lower negative downward downwards
        decliner decliners loser losers slip slips slipped slipping dip dips dipped dipping ease eases eased easing
        sink sinks sank sunk sinking tumble tumbles tumbled tumbling plunge plunges plunged plunging plummet plummets
        plummeted slump slumps slumped slumping crash crashes crashed collapse collapsed collapses retreat retreats
        retreated retreating decrease decreases decreased decreasing weakened weakens weaken pulled_back pullback
        edged_down edges_down edge_down edging_down inched_down inches_down ticked_down ticks_down nudged_down
        downside bearish downturn downtick selloff sell-off sold_off gave_up gives_up cratered depreciated skidded
        shrank shrunk shrink""",
    "flat": """flat unchanged steady little_changed barely_changed hardly_changed not_changed barely_moved
        barely_budged even_with level_with stable sideways""",
    "lead": """beat beats beaten beating lead leads led leading leadership leader leaders outpace outpaces outpaced
        outpacing outperform outperforms outperformed outperforming outperformance ahead ahead_of top tops topped
        topping better_than more_than bested outran outrun outgained win wins won winning defeated
        in_front in_front_of""",
    "lag": """trail trails trailed trailing lag lags lagged lagging laggard laggards underperform underperforms
        underperformed underperforming underperformance behind worse_than less_than fell_behind fallen_behind
        falls_behind fell_short""",
    "above": "above beyond climbed_past past_the crossed cross crosses crossing topped tops top over_the_level",
    "below": "below beneath",
    "longest": "longest",
    "shortest": "shortest briefest",
    "longer": "longer",
    "shorter": "shorter",
    "highest": "highest high highs top tops",
    "lowest": "lowest bottom bottoms bottomed",
    "largest": "largest biggest steepest sharpest greatest deepest widest broadest heaviest most",
    "smallest": "smallest least narrowest mildest fewest slightest lightest",
    "best": "best strongest finest",
    "worst": "worst weakest poorest",
    "better": "better stronger",
    "worse": "worse weaker",
    "record": "record records record-breaking record-setting",
    "all-time": "all-time all_time of_all_time on_record ever in_history",
    "52-week": "52-week fifty-two-week in_52_weeks of_52_weeks for_52_weeks",
    "intraday": "intraday intra-day session_high session_low",
    "close": "close closes closed closing",
    "since": "since",
    "first": "first maiden first_time",
    "last": "last latest most_recent final",
    "next": "next upcoming coming",
    "earlier": "earlier previous previously prior before_that",
    "streak": """streak streaks run runs row in_a_row consecutive consecutively straight successive successively
        stretch back-to-back lasted lasts lasting winning_streak losing_streak""",
    "tie": """match matches matched matching equal equals equaled equalled equaling equalling tie ties tied tying
        as_many_as as_long_as as_high_as as_low_as""",
    "ended": "ended ends end ending",
    "broken": """snapped snaps snap snapping broke breaks broken breaking halted halts stopped stops came_to_an_end
        over_and_done interrupted""",
    "exceed": """exceed exceeds exceeded exceeding surpass surpasses surpassed surpassing eclipse eclipses eclipsed
        overtook""",
    "ongoing": """ongoing continue continues continued continuing extend extends extended extending unbroken still
        so_far running has_been have_been has_now have_now""",
    "cut": "cut cuts cutting lower lowers lowered lowering reduce reduces reduced reducing reduction reductions trim "
    "trims trimmed easing eased ease eases",
    "raise": "raise raises raised raising hike hikes hiked hiking increase increases increased increasing lift lifts "
    "lifted tighten tightened tightening",
    "hold": "hold holds held holding keep keeps kept left_unchanged unchanged on_hold paused pause steady",
    "peak": "peak peaks peaked",
    "trough": "low lows trough troughs",
    "correction": "correction corrections",
    "bear-market": "bear_market bear_markets",
    "bull-market": "bull_market bull_markets",
    "regained": "regain regains regained regaining made_good won_back made_up_for",
    "recovered": "back_at back_above come_back recover recovered recovers recovering recovery came_back",
    "volume": "volume traded trades trading_volume",
    "gap": "gapped gap_up gap_down opened opens outside",
    "offering": "prospectus prospectuses offering offerings",
    "registration": "registration registrations",
    "acquisition": "acquisition acquisitions",
    "agreement": "agreement agreements",
    "stake": "stake stakes",
    "ratio": "ratio ratios",
    "correlation": "correlation correlated",
    "negative": "opposite_ways apart_from_each_other negatively",
    "median": "median typical typically",
    "mean": "average averages averaged averaging mean",
    "total": "including_dividends dividends_included with_dividends total_return total_returns counting_dividends "
    "dividends_reinvested reinvested_dividends",
    "price": "excluding_dividends without_dividends before_dividends dividends_excluded price_only",
    "few": "few fewer only just merely",
    "at-least": "or_more or_longer or_better or_higher or_greater",
    "all": "all every each always entire entirely unanimously throughout",
    "both": "both",
    "majority": "most most_of majority mostly more_than_half most_members most_stocks most_companies",
    "minority": "minority fewer_than_half less_than_half",
    "nothing": "none nobody nothing zero_of",
    "negation": """not no never neither nor cannot can’t without isn’t wasn’t weren’t aren’t didn’t doesn’t don’t
        hasn’t haven’t hadn’t won’t wouldn’t couldn’t shouldn’t failed fail fails failing avoided avoid avoids
        except unless nearly almost hardly barely scarcely false untrue denied reversed reverse instead despite
        rather_than far_from all_but anything_but everything_but other_than apart_from all_but but_one but_two""",
    "modal": """will would could may might should shall must can expected expect expects likely unlikely probably
        possibly perhaps maybe projected project projects forecast forecasts predicted predict predicts seems seem
        appears appear poised set_to about_to going_to if whether due scheduled hoped planned plans bound_to
        on_track on_course reportedly allegedly rumored""",
    "vague": """several many numerous multiple dozens hundreds thousands millions billions scores handful couple
        countless double doubles doubled doubling triple triples tripled tripling quadruple quadrupled halve halved
        halves halving tenfold twofold threefold""",
    "cause": """because due_to owing_to thanks_to driven_by fueled_by fuelled_by sparked spurred boosted_by
        lifted_by helped_by hurt_by weighed_down_by amid as_investors as_traders triggered prompted on_news
        on_hopes on_fears on_worries on_earnings on_results on_filings on_policy on_rates on_yields in_response_to
        reacted reacting""",
    "puffery": """historic unprecedented definitive stunning spectacular remarkable massive solid_floor roaring
        frenzy carnage bloodbath epic legendary explosive""",
    "advice": "should_buy should_sell must_buy buy_now sell_now",
    "steeper": "steepen steepens steepened steepening steeper",
    "flatter": "flatten flattens flattened flattening flatter",
    "bull": "bull",
    "bear": "bear",
    "turn": "turned turns",
    "inversion": "invert inverts inverted inverting inversion inversions",
    "annualised": "annual annualized annualised at_an_annual_rate",
    "unit:sessions": "session sessions trading_day trading_days trading_session trading_sessions trading-day",
    "unit:days": "day days daily",
    "unit:weeks": "week weeks weekly",
    "unit:months": "month months monthly",
    "unit:quarters": "quarter quarters quarterly",
    "unit:years": "year years yearly annual annually decade decades century",
    "unit:cases": "case cases instance instances occasion occasions",
    "unit:members": "member members constituent constituents component components",
    "unit:cuts": "cut cuts reduction reductions",
    "unit:increases": "increase increases hike hikes",
    "unit:meetings": "meeting meetings",
    "unit:percent": "percent percentage per_cent %",
    "unit:points": "point points",
    "unit:percentage points": "percentage_point percentage_points",
    "unit:basis points": "basis_point basis_points",
}  # fmt: skip

_STRENGTHS: Final[dict[int, str]] = {
    0: "little_changed barely_changed hardly_changed barely_moved barely_budged flat unchanged steady stable sideways",
    1: """edged_up edges_up edge_up edging_up inched_up inches_up ticked_up ticks_up nudged_up edged_down edges_down
        edge_down edging_down inched_down inches_down ticked_down ticks_down nudged_down slip slips slipped slipping
        dip dips dipped dipping ease eases eased easing uptick downtick""",
    3: """jump jumps jumped jumping climb climbs climbed climbing rally rallies rallied rallying drop drops dropped
        dropping slide slides slid sliding sink sinks sank sunk sinking leap leaps leaped leapt spike spikes spiked
        spiking selloff sell-off sold_off skidded""",
    4: """surge surges surged surging soar soars soared soaring rocketed skyrocketed tumble tumbles tumbled tumbling
        plunge plunges plunged plunging plummet plummets plummeted slump slumps slumped slumping crash crashes crashed
        collapse collapsed collapses cratered""",
}

# Phrases whose words claim nothing together: removed from view before single words are read.
_PLAIN_PHRASES: Final = """made_up make_up makes_up set_up sets_up follow_up up_to_date break_down broken_down
    breaks_down breakdown at_last at_first first_of_all last_of_all in_the_end at_the_end in_all after_all at_all
    above_all over_all as_of such_as as_well_as no_doubt closer close_by runs_from ran_from same_time
    ends_of_the_field market_data price_data line_chart bar_chart heat_table line_up all_the_same
    turn_out leading_up run_by led_by_the_desk
    in_addition at_least_as long_as each_other one_another record_of_decisions on_the_way first_session_shown"""

# Number words.
UNITS: Final = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS: Final = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
SCALES: Final = {"hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
ORDINALS: Final = {
    "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
    "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30, "fortieth": 40,
    "fiftieth": 50,
}  # fmt: skip

# Nouns that count, by canonical plural.
NOUNS: Final[dict[str, str]] = {
    **dict.fromkeys(("session", "sessions", "trading day", "trading days", "trading session", "trading sessions",
                     "trading-day", "market day", "market days"), "sessions"),
    **dict.fromkeys(("day", "days"), "days"),
    **dict.fromkeys(("week", "weeks"), "weeks"),
    **dict.fromkeys(("month", "months"), "months"),
    **dict.fromkeys(("quarter", "quarters"), "quarters"),
    **dict.fromkeys(("year", "years"), "years"),
    **dict.fromkeys(("decade", "decades"), "decades"),
    **dict.fromkeys(("run", "runs", "streak", "streaks", "stretch", "stretches"), "runs"),
    **dict.fromkeys(("case", "cases", "instance", "instances", "occasion", "occasions", "episode",
                     "episodes"), "cases"),
    **dict.fromkeys(("member", "members", "stock", "stocks", "company", "companies", "name", "names", "issue", "issues",
                     "constituent", "constituents", "component", "components", "fund", "funds"), "members"),
    **dict.fromkeys(("cut", "cuts", "reduction", "reductions"), "cuts"),
    **dict.fromkeys(("increase", "increases", "hike", "hikes", "raise", "raises"), "increases"),
    **dict.fromkeys(("meeting", "meetings", "hold", "holds"), "meetings"),
    **dict.fromkeys(("record", "records"), "records"),
    **dict.fromkeys(("reading", "readings"), "readings"),
    **dict.fromkeys(("filing", "filings"), "filings"),
    **dict.fromkeys(("piece", "pieces"), "pieces"),
    **dict.fromkeys(("time", "times"), "times"),
    **dict.fromkeys(("period", "periods"), "periods"),
    **dict.fromkeys(("dollar", "dollars"), "USD"),
    **dict.fromkeys(("cent", "cents"), "cents"),
    **dict.fromkeys(("hour", "hours", "minute", "minutes", "reader", "readers", "page", "pages"), "other"),
}  # fmt: skip
OCCURRENCES: Final = frozenset({"cases", "runs", "cuts", "increases", "meetings", "records", "times"})

# Words that may stand between a number and its noun ("seven straight trading sessions").
BETWEEN: Final = words("""
    straight consecutive successive earlier previous prior other such trading full complete
    completed more interest rate rates interest-rate quarter-point quarter-percentage-point
    half-point policy small-cap large-cap large small record closing of the its their those these
    last latest past longer new separate sector further calendar best worst largest stocks-in similar equal
    known first listed widely held us u.s. domestic winning losing
""")

# Capitalised words that are neither instruments nor claims, and the institutions whose acts are facts.
VOCABULARY: Final[dict[str, str]] = {
    "Federal Reserve": "@FED", "Federal Reserve’s": "@FED", "Fed": "@FED", "Federal Open Market Committee": "@FED",
    "FOMC": "@FED", "Fed policymakers": "@FED", "central bank": "@FED",
    "U.S.": "", "US": "", "United States": "", "America": "", "American": "", "Wall Street": "", "New York": "",
    "Market Desk": "", "Treasury": "", "Treasurys": "", "Treasuries": "", "Washington": "", "California": "",
    "Congress": "", "ETF": "", "ETFs": "", "AI": "", "CEO": "", "GDP": "series:gdp", "I": "", "Eastern": "", "ET": "",
    "North America": "", "Bureau of Labor Statistics": "", "Labor Department": "", "Commerce Department": "",
    "Cboe": "", "GICS": "", "Christmas": "", "Thanksgiving": "", "New Year": "", "New Year’s Day": "",
    "Good Friday": "", "Labor Day": "", "Memorial Day": "", "Independence Day": "",
    "COVID-19": "", "401(k)": "", "10-K": "", "10-Q": "", "8-K": "",
}  # fmt: skip

# Names of macro series in prose. The value lists the series any of which the name may mean.
SERIES: Final[dict[str, tuple[str, ...]]] = {
    "consumer price index": ("CPIAUCSL", "cpi"),
    "consumer prices": ("CPIAUCSL", "cpi"),
    "consumer inflation": ("CPIAUCSL", "cpi"),
    "CPI": ("CPIAUCSL", "cpi"),
    "inflation": ("CPIAUCSL", "cpi"),
    "core consumer price index": ("CPILFESL", "core-cpi", "core_cpi"),
    "core consumer prices": ("CPILFESL", "core-cpi", "core_cpi"),
    "core CPI": ("CPILFESL", "core-cpi", "core_cpi"),
    "core inflation": ("CPILFESL", "core-cpi", "core_cpi"),
    "unemployment rate": ("UNRATE",),
    "jobless rate": ("UNRATE",),
    "unemployment": ("UNRATE",),
    "10-year Treasury yield": ("DGS10",),
    "10-year yield": ("DGS10",),
    "two-year Treasury yield": ("DGS2",),
    "2-year Treasury yield": ("DGS2",),
    "two-year yield": ("DGS2",),
    "2-year yield": ("DGS2",),
    "30-year Treasury yield": ("DGS30",),
    "30-year yield": ("DGS30",),
    "yield curve": ("curve",),
    "10-year breakeven rate": ("T10YIE",),
    "effective federal funds rate": ("FEDFUNDS", "DFF"),
    "gross domestic product": ("A191RL1Q225SBEA",),
    "GDP": ("A191RL1Q225SBEA",),
    "crude oil": ("DCOILWTICO", "wti"),
    "U.S. crude": ("DCOILWTICO", "wti"),
    "West Texas Intermediate": ("DCOILWTICO", "wti"),
    "oil": ("DCOILWTICO", "wti"),
    "high-yield spread": ("BAMLH0A0HYM2",),
}
ROLES: Final[dict[str, str]] = {
    "small caps": "small", "small-caps": "small", "small-cap stocks": "small", "small-cap": "small",
    "small-company": "small", "small stocks": "small", "smaller stocks": "small", "smaller companies": "small",
    "small companies": "small",
    "large caps": "large", "large-caps": "large", "large-cap stocks": "large", "large-cap": "large",
    "large-company": "large", "big stocks": "large", "larger stocks": "large", "larger companies": "large",
    "large companies": "large",
}  # fmt: skip

# Words that may open a sentence with a capital and name nothing.
COMMON: Final = words("""
    a about above according across after again against ago all almost along already also although
    always among amid an and another any anyone apart are around as aside at away back banks based
    be because become been before behind being below beneath beside besides best between beyond both
    broad brief bring but buyers by can calendar case cases change changes chart close closes
    closing companies company compare compared consider consumer continue core correction
    corrections could crude current daily data date dates day days decisions deep definition
    definitions despite did different do does done down due during each earlier early either else
    elsewhere end even ever every everything except exchange fact facts fall few fewer figures
    finally first five for four from full fund funds further gains general given group groups growth
    had half has have having he heavy hence her here higher his history how however i if important
    in include including income indeed index indexes indices industry inside instead interest
    investors is it its itself jobs just keep knowing larger last late later latest less let like
    line list little local long longer look looking losers losses low lower made main many market
    markets matching may mean means meanwhile median members method methods middle might moderate
    month monthly months more moreover most moving much must near nearly never new next no none nor
    not note nothing now of off offsetting often on once one only open or ordinary other others
    otherwise our out outside over overall own part past per perhaps period periods point points
    policy policymakers prices proof purchases put quarter quarterly quarters quiet quotes range
    rate rates rather readers reading readings recent record records recurring regional relative
    results returns rising run runs sales same section sector sectors seen sellers series session
    sessions seven several shares she short should since six small smaller so some source sources
    spread standing stocks stop still such summary table taken technology ten than that the their
    them then there these they this those though three through throughout thus tied time to today
    together too total toward towards trade traders trading turning two under unless unlike until up
    upon us use value versus very viewed volatility volume was watch way we week weekly weeks well
    were what whatever when where whereas whether which while who whole whose why wide wider will
    winners with within without word words worst would written year years yearly yes yet yields you
    your
""")

_SPACES = re.compile(r"\s+")


def _entries(text: str) -> list[str]:
    return [word.replace("_", " ") for word in text.split()]


def _tables() -> tuple[dict[str, tuple[str, ...]], dict[str, int], frozenset[str]]:
    classes: dict[str, tuple[str, ...]] = {}
    for name, words in _CLASSES.items():
        for word in _entries(words):
            classes[word] = (*classes.get(word, ()), name)
    strengths = {word: size for size, words in _STRENGTHS.items() for word in _entries(words)}
    plain = frozenset(_entries(_PLAIN_PHRASES))
    return classes, strengths, plain


CLASSES, STRENGTHS, PLAIN_PHRASES = _tables()
LONGEST_PHRASE: Final = max(len(word.split()) for word in (*CLASSES, *PLAIN_PHRASES))


def classes_of(phrase: str) -> tuple[str, ...]:
    """The classes of a lower-case word or phrase (single spaces, curly apostrophes); empty when it is free."""
    return CLASSES.get(phrase, ())


def strength_of(phrase: str) -> int:
    """The size a direction word claims; 2, the neutral one, unless the stylebook binds it."""
    return STRENGTHS.get(phrase, 2)


def is_plain_phrase(phrase: str) -> bool:
    """Whether the words claim nothing when they stand together."""
    return phrase in PLAIN_PHRASES


def plural_of(noun: str) -> str:
    """The canonical plural of a counting noun; empty when it counts nothing known."""
    return NOUNS.get(_SPACES.sub(" ", noun.lower()), "")
