"""What a text speaks of: instruments of the store by name and ticker, and gauges that the store may lack.

Owns the names of market gauges as articles print them. A gauge that the store does not hold is known by name, so that
a claim about it can say which series is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

from broadtape.desk.audit.parts import Entity
from broadtape.desk.claims import lexicon
from broadtape.desk.claims.names import NameTable, table_for
from broadtape.markdown import ticker_symbol
from broadtape.model import MarketView, UnknownSymbol


@dataclass(frozen=True, slots=True)
class Gauge:
    """A gauge of the market: what it is called, and under which names or series a store may hold it."""

    name: str
    kind: str
    phrases: str  # separated by ";", longest need not come first; "=" before one that is matched as written
    held_as: tuple[str, ...] = ()  # names of instruments
    series: tuple[str, ...] = ()
    role: str = ""  # of the settings' benchmarks
    loose: bool = False


GAUGES: tuple[Gauge, ...] = (
    Gauge("S&P 500", "index", "S&P 500 index;S&P 500;S&P500;S&P 500 Index;Standard & Poor’s 500 index;Standard & Poor’s 500;=SPX;"
          "S. and P. 500;S&P 500 stock index;=S&P;the large-cap index;large-cap benchmark", ("S&P 500",), role="large"),
    Gauge("Nasdaq Composite", "index", "Nasdaq composite index;Nasdaq Composite Index;Nasdaq Composite;Nasdaq composite;"
          "=Nasdaq;=NASDAQ;=IXIC;NASDAQ Composite;Nasdaq index", ("Nasdaq Composite",), role="tech"),
    Gauge("Russell 2000", "index", "Russell 2000 index;Russell 2000 Index;Russell 2000;small-cap index;small-cap benchmark;small-cap gauge;"
          "small-cap Russell 2000;=Russell;small-company index", ("Russell 2000",), role="small"),
    Gauge("Cboe Volatility Index", "index", "Cboe Volatility Index;CBOE Volatility Index;Volatility Index;=VIX;fear gauge;fear index;"
          "volatility index;Cboe’s volatility index;VIX index;CBOE Market Volatility Index", ("Cboe Volatility Index",), role="volatility"),
    Gauge("Dow Jones Industrial Average", "index", "Dow Jones Industrial Average;Dow Jones industrial average;Dow Jones industrials;"
          "Dow industrials;Dow Jones;=Dow;=DJIA;blue-chip index;blue-chip average;industrial average", ("Dow Jones Industrial Average",)),
    Gauge("Nasdaq 100", "index", "Nasdaq 100 index;Nasdaq 100;Nasdaq-100;Nasdaq 100 Index;=NDX", ("Nasdaq 100", "Nasdaq-100")),
    Gauge("Dow Jones Transportation Average", "index", "Dow Jones Transportation Average;Dow transports;transportation average;Dow Jones Transports",
          ("Dow Jones Transportation Average",)),
    Gauge("Russell 1000", "index", "Russell 1000;Russell 1000 Index;Russell 1000 Growth;Russell 1000 Value", ("Russell 1000",)),
    Gauge("Russell 3000", "index", "Russell 3000", ("Russell 3000",)),
    Gauge("Russell Microcap", "index", "Russell Microcap Index;Russell Microcap", ("Russell Microcap",)),
    Gauge("S&P MidCap 400", "index", "S&P MidCap 400;S&P 400;S&P Midcap 400 index;S&P midcap 400", ("S&P MidCap 400",)),
    Gauge("S&P SmallCap 600", "index", "S&P SmallCap 600;S&P 600;S&P Smallcap 600;S&P Small Cap 600", ("S&P SmallCap 600",)),
    Gauge("S&P 100", "index", "S&P 100", ("S&P 100",)),
    Gauge("S&P 500 Equal Weight", "index", "S&P 500 Equal Weight Index;S&P 500 Equal Weight;equal-weight S&P 500;equal-weighted S&P 500;"
          "S&P 500 equal-weighted index;equal-weighted version of the S&P 500", ("S&P 500 Equal Weight",)),
    Gauge("PHLX Semiconductor index", "index", "PHLX Semiconductor Index;Philadelphia Semiconductor Index;Philadelphia SE Semiconductor index;"
          "Philadelphia Semiconductor;PHLX chip index;Philadelphia chip index;semiconductor index;=SOX", ("PHLX Semiconductor",)),
    Gauge("KBW Bank index", "index", "KBW Bank Index;KBW Nasdaq Bank Index;KBW bank index;KBW Regional Banking Index;S&P 500 bank index", ("KBW Bank",)),
    Gauge("Wilshire 5000", "index", "Wilshire 5000", ("Wilshire 5000",)),
    Gauge("NYSE Composite", "index", "NYSE Composite;NYSE composite index", ("NYSE Composite",)),
    Gauge("NYSE FANG+ index", "index", "NYSE FANG+;FANG+ index;Magnificent Seven;Magnificent 7;Mag 7", ("NYSE FANG+",)),
    Gauge("Nikkei 225", "index", "Nikkei 225 Stock Average;Nikkei 225;=Nikkei;Nikkei average;Nikkei stock average", ("Nikkei 225",)),
    Gauge("Topix", "index", "=Topix;=TOPIX", ("Topix",)),
    Gauge("Hang Seng", "index", "Hang Seng index;Hang Seng Index;Hang Seng", ("Hang Seng",)),
    Gauge("Shanghai Composite", "index", "Shanghai Composite index;Shanghai Composite;Shanghai composite index;SSE Composite;CSI 300;CSI300", ("Shanghai Composite",)),
    Gauge("Kospi", "index", "=Kospi;=KOSPI", ("Kospi",)),
    Gauge("S&P/ASX 200", "index", "S&P/ASX 200;ASX 200", ("S&P/ASX 200",)),
    Gauge("Sensex", "index", "=Sensex;BSE Sensex;Nifty 50;=Nifty", ("Sensex",)),
    Gauge("Taiex", "index", "=Taiex;=TAIEX", ("Taiex",)),
    Gauge("FTSE 100", "index", "FTSE 100;=FTSE;FTSE 250", ("FTSE 100",)),
    Gauge("DAX", "index", "=DAX;German DAX", ("DAX",)),
    Gauge("CAC 40", "index", "CAC 40;CAC-40", ("CAC 40",)),
    Gauge("Stoxx Europe 600", "index", "Stoxx Europe 600;STOXX Europe 600;Stoxx 600;STOXX 600;STOXX 600 index;Euro Stoxx 50;FTSEurofirst 300", ("Stoxx Europe 600",)),
    Gauge("MSCI World", "index", "MSCI World;MSCI All Country World Index;MSCI ACWI;MSCI EAFE;MSCI Emerging Markets Index;MSCI Emerging Markets;"
          "MSCI’s broadest index of Asia-Pacific shares;MSCI’s gauge of stocks across the globe;MSCI world equity index", ("MSCI World",)),
    Gauge("TSX", "index", "S&P/TSX composite;S&P/TSX Composite Index;S&P/TSX;=TSX", ("S&P/TSX Composite",)),
    Gauge("Bovespa", "index", "=Bovespa;=Ibovespa", ("Bovespa",)),
    Gauge("U.S. dollar index", "currency", "dollar index;ICE U.S. Dollar Index;U.S. Dollar Index;US Dollar Index;=DXY;WSJ Dollar Index;"
          "ICE Dollar Index;Bloomberg Dollar Spot Index;=dollar;=greenback", ("U.S. Dollar Index",), ("DTWEXBGS",)),
    Gauge("euro", "currency", "=euro", (), ("EXR.D.USD.EUR.SP00.A",)),
    Gauge("yen", "currency", "=yen;Japanese yen"),
    Gauge("pound", "currency", "British pound;=sterling"),
    Gauge("bitcoin", "currency", "=Bitcoin;=bitcoin;=Ether;=ether;=Ethereum;=ethereum", ("Bitcoin",)),
    Gauge("10-year Treasury yield", "yield", "10-year Treasury yield;10-year Treasury note yield;10-year Treasury note’s yield;10-year Treasury’s yield;"
          "10-year U.S. Treasury yield;10-year yield;benchmark 10-year yield;yield on the 10-year Treasury note;yield on the 10-year Treasury;"
          "yield on the benchmark 10-year Treasury note;yield on the benchmark 10-year Treasury;yield on the 10-year U.S. Treasury note;"
          "yield on the 10-year note;yield on 10-year Treasurys;yield on 10-year Treasuries;yield on the 10-year U.S. Treasury;"
          "benchmark 10-year Treasury yield;yield on benchmark 10-year notes;benchmark 10-year U.S. Treasury yield;10-year Treasury yields;"
          "yield on benchmark U.S. 10-year notes;benchmark 10-year note yield;yields on 10-year Treasurys;yields on 10-year Treasuries;"
          "benchmark 10-year Treasury note yield;U.S. 10-year Treasury yield;U.S. 10-year yield;ten-year Treasury yield;ten-year yield;"
          "yield on the ten-year Treasury note", (), ("DGS10",)),
    Gauge("two-year Treasury yield", "yield", "two-year Treasury yield;2-year Treasury yield;two-year yield;2-year yield;yield on the two-year Treasury note;"
          "yield on the 2-year Treasury note;yield on the two-year Treasury;yield on the 2-year Treasury;2-year Treasury note yield;"
          "yield on the two-year note;yield on the 2-year note;two-year Treasury note yield;2-year U.S. Treasury yield;2-year note yield;two-year note yield;"
          "two-year Treasury yields;2-year Treasury yields", (), ("DGS2",)),
    Gauge("30-year Treasury yield", "yield", "30-year Treasury yield;30-year yield;yield on the 30-year Treasury bond;yield on the 30-year Treasury;"
          "30-year Treasury bond yield;30-year bond yield;yield on the 30-year bond;30-year U.S. Treasury yield", (), ("DGS30",)),
    Gauge("other Treasury yield", "yield", "five-year Treasury yield;5-year Treasury yield;three-month Treasury yield;3-month Treasury yield;"
          "yield on the five-year Treasury note;3-month Treasury bill yield;20-year Treasury yield", (), ()),
    Gauge("30-year mortgage rate", "yield", "30-year mortgage rate;average rate on a 30-year mortgage;30-year fixed mortgage rate;mortgage rate;mortgage rates;"
          "average rate on the 30-year fixed mortgage", (), ("MORTGAGE30US",)),
    Gauge("West Texas Intermediate crude oil", "commodity", "West Texas Intermediate crude oil;West Texas Intermediate crude;West Texas Intermediate;"
          "U.S. crude oil;U.S. crude;benchmark U.S. crude oil;benchmark U.S. crude;benchmark U.S. oil;=WTI;WTI crude oil;WTI crude;US crude;crude oil;crude prices;"
          "oil prices;crude oil prices;price of oil;price of U.S. crude;=oil;=Oil;=crude;=Crude;light sweet crude;price of a barrel of U.S. crude;"
          "barrel of benchmark U.S. oil;barrel of benchmark U.S. crude;barrel of U.S. crude;barrel of U.S. oil", (), ("DCOILWTICO", "wti")),
    Gauge("Brent crude oil", "commodity", "Brent crude oil;Brent crude;=Brent;international standard Brent;Brent crude, the international standard;"
          "barrel of Brent crude;price of Brent crude", (), ("DCOILBRENTEU",)),
    Gauge("gold", "commodity", "spot gold;gold prices;price of gold;=gold;=Gold;gold bullion;bullion", (), ("GOLDAMGBD228NLBM", "gold")),
    Gauge("silver", "commodity", "spot silver;silver prices;price of silver"),
    Gauge("copper", "commodity", "copper prices;=copper"),
    Gauge("natural gas", "commodity", "natural gas prices;natural gas;price of natural gas", (), ("DHHNGSP",)),
    Gauge("gasoline", "commodity", "gasoline prices;average price of gasoline;wholesale gasoline;gas prices"),
    Gauge("heating oil", "commodity", "heating oil"),
    Gauge("consumer price index", "macro", "consumer price index;consumer prices;consumer inflation;=CPI;consumer-price index;annual inflation;"
          "headline inflation;U.S. inflation;annual inflation rate;inflation rate;=inflation;=Inflation;headline CPI;Consumer Price Index;cost of living;CPI inflation", (), ("CPIAUCSL", "cpi")),
    Gauge("core consumer price index", "macro", "core consumer price index;core consumer prices;core CPI;core inflation;core prices;core consumer inflation", (), ("CPILFESL",)),
    Gauge("producer price index", "macro", "producer price index;producer prices;wholesale prices;wholesale inflation;=PPI", (), ("PPIACO",)),
    Gauge("PCE price index", "macro", "PCE price index;personal consumption expenditures price index;PCE inflation;PCE index;Fed’s preferred inflation gauge;core PCE;"
          "core PCE price index;core PCE inflation", (), ("PCEPI",)),
    Gauge("unemployment rate", "macro", "unemployment rate;jobless rate;U.S. unemployment rate;=unemployment;nation’s unemployment rate", (), ("UNRATE",)),
    Gauge("nonfarm payrolls", "macro", "nonfarm payrolls;payrolls;nonfarm payroll employment;=employers;=Employers;U.S. employers;American employers;"
          "US economy added;payroll employment", (), ("PAYEMS",)),
    Gauge("gross domestic product", "macro", "gross domestic product;=GDP;U.S. economy;US economy;real GDP", (), ("A191RL1Q225SBEA",)),
    Gauge("retail sales", "macro", "retail sales", (), ("RSAFS",)),
    Gauge("jobless claims", "macro", "jobless claims;initial jobless claims;applications for unemployment benefits;unemployment claims", (), ("ICSA",)),
    Gauge("yield curve", "curve", "yield curve;2s10s curve;2s/10s;curve between two- and 10-year yields;gap between 2-year and 10-year yields;"
          "spread between two- and 10-year Treasury yields;gap between the yields on 2- and 10-year Treasurys", (), ("T10Y2Y",)),
    Gauge("high-yield spread", "yield", "high-yield spread;high-yield spreads;junk-bond spread;junk bond spreads;high-yield bond spread;high-yield credit spread", (), ("BAMLH0A0HYM2",)),
    Gauge("European Central Bank", "otherbank", "European Central Bank;=ECB;European Central Bank’s;Bank of England;Bank of Japan;Bank of Canada;=BOJ;=BoE;"
          "Reserve Bank of Australia;People’s Bank of China;Swiss National Bank;Reserve Bank of India;=RBI;Bank of Mexico;Riksbank"),
    Gauge("Federal Reserve", "policy", "Federal Reserve;=Fed;Federal Open Market Committee;=FOMC;Fed officials;Fed policymakers;U.S. central bank;"
          "nation’s central bank;American central bank;US central bank"),
    Gauge("federal funds rate", "policy", "federal funds rate;fed funds rate;federal-funds rate;fed-funds rate;benchmark interest rate;key interest rate;key rate;"
          "benchmark rate;overnight rate;federal funds target;target range;federal funds target range;short-term interest rate;main interest rate;benchmark lending rate;benchmark short-term rate;policy rate"),
    Gauge("U.S. stocks", "market", "U.S. stocks;US stocks;U.S. stock market;American stocks;Wall Street stocks;Wall Street;stock market;=stocks;=Stocks;"
          "equities;U.S. equities;=shares;=Shares;broader market;broad market;overall market", ("S&P 500",), role="large", loose=True),
    Gauge("small caps", "market", "small caps;small-caps;small-cap stocks;small-cap shares;smaller companies;small-company stocks;smaller stocks;"
          "small companies;small-cap companies", ("Russell 2000",), role="small", loose=True),
    Gauge("large caps", "market", "large caps;large-caps;large-cap stocks;mega-caps;big caps", ("S&P 500",), role="large", loose=True),
    Gauge("technology stocks", "market", "technology stocks;tech stocks;Big Tech;Big Tech stocks;chip stocks;bank stocks;energy stocks;growth stocks;value stocks;"
          "chipmakers;mega-cap technology;tech shares;mega-cap tech stocks;regional banks;utilities;real estate stocks;health care stocks"),
)  # fmt: skip

# Words before a name that say nothing new of it; before any other word the name is part of something else.
_TICKER = re.compile(
    r" ?\(\s*(?P<all>(?:(?P<exchange>[A-Za-z ]{3,14}):\s?)?(?:Ticker: )?\$?(?P<ticker>[A-Z]{1,5}(?:[.-][A-Z])?|\.[A-Z]{2,5}|\^[A-Z]{2,5}))\s*\)"
)
_INDEX_TICKERS = frozenset(
    {"SPX", "GSPC", "INX", "SP500", "IXIC", "COMP", "CCMP", "RUT", "RTY", "VIX", "DJI", "DJIA", "INDU"}
    | {"SPY", "IVV", "VOO", "QQQ", "ONEQ", "IWM", "VTWO", "DIA"}  # funds on them
)
_AFTER = re.compile(
    r"(?:’s)?(?: Group| Holdings)?(?:’s)? (?:common |Class A )?(?:stock|shares|share price|stock price)(?! (?:index|exchange|market|buyback|repurchase|split|futures|offering|sale|options))(?!\w)",
    re.I,
)
_BEFORE = re.compile(
    r"(?:the )?(?:shares|stock|share price|price) (?:of|in) (?:the )?(?:[a-z]+(?:-[a-z]+)* (?:giant|maker|company|chain|retailer|bank|firm|automaker|chipmaker|drugmaker|airline) )?$",
    re.I,
)
_INDEX_WORD = re.compile(r"(?:’s)? (?:index|Index|benchmark|composite|average)(?!\w)")
_OF_COMPANIES = re.compile(
    r" of (?:the )?(?:small|smaller|large|larger|big|biggest|largest)(?:-cap|-company)?(?: U\.S\.)? (?:companies|stocks|shares|firms)(?!\w)"
)
_WORD = re.compile(r"[^\W_]+")
_CAPITALS = re.compile(
    r"(?:[A-Z][\w.&’-]*,? (?:of |& |and )?){0,6}[A-Z0-9][\w.&’-]*(?:,? Inc\.?| Fund| Trust)?$"
)
_OWNER = re.compile(r"’s?(?=\W|$)")
_ANAPHORA = re.compile(
    r"(?P<index>the (?:broad |broader |benchmark |blue-chip )?(?:index|benchmark|gauge|average))(?! (?:for|of|that|tracking|fund|funds|10-year|U\.S\.|rate|yield|interest|Treasury|revision|price|S&P))(?=\W|$)"
    r"|(?P<stock>(?:the|its|their|the company’s|the firm’s|the chipmaker’s|the retailer’s|the automaker’s|the carmaker’s) (?:stock|shares)|the stock)(?! (?:market|markets|index|exchange|price target|prices|buyback|split|sale))(?=\W|$)"
    r"|(?P<it>\b(?:it|It))(?=\W|$)",
)  # fmt: skip


class Directory:
    """Every name a text may speak of, for one view."""

    def __init__(self, view: MarketView) -> None:
        self._view = view
        self._table: NameTable = table_for(view)
        self._bars = set(view.symbols_with_bars())
        series = set(view.series())
        by_name: dict[str, str] = {}
        for symbol, title in self._table.titles.items():
            if symbol.startswith("INDEX"):
                by_name.setdefault(title, symbol)
        self._phrases: dict[str, list[tuple[str, bool, Entity]]] = {}
        for gauge in GAUGES:
            symbols = [by_name[name] for name in gauge.held_as if name in by_name]
            if not symbols and gauge.role and (chosen := view.benchmark(gauge.role)):
                symbols = [chosen] if _stands_for(view, chosen, gauge) else []
            symbols += [f"series:{name}" for name in gauge.series if name in series]
            missing = "" if symbols or gauge.kind == "policy" else _missing(gauge)
            entity = Entity(gauge.name, gauge.kind, tuple(symbols), missing, loose=gauge.loose)
            for phrase in gauge.phrases.split(";"):
                exact = phrase.startswith("=")
                self._add(phrase.removeprefix("="), entity, exact=exact)
        for entries in self._phrases.values():
            entries.sort(key=lambda entry: -len(entry[0]))

    def _add(self, phrase: str, entity: Entity, *, exact: bool) -> None:
        first = _WORD.match(phrase)
        assert first is not None
        self._phrases.setdefault(first.group().lower(), []).append((phrase, exact, entity))

    def find(self, text: str) -> list[tuple[int, int, Entity]]:
        """The entities of a sentence in order, with what belongs to their names (tickers, "shares of")."""
        found: list[tuple[int, int, Entity]] = []
        place = 0
        while True:
            word = _WORD.search(text, place)
            if word is None:
                break
            place = word.start()
            hit = self._gauge(text, place) or self._instrument(text, place) or self._anaphora(text, place)
            if hit is None or (place and (text[place - 1].isalnum() or text[place - 1] in "’-/")):
                place = _skip(text, word.end())
                continue
            start, end, entity = self._whole(text, place, *hit)
            found.append((start, end, entity))
            place = max(end, word.end())
        return self._by_ticker(text, found)

    def _by_ticker(self, text: str, found: list[tuple[int, int, Entity]]) -> list[tuple[int, int, Entity]]:
        """Names that only the ticker behind them tells: "Energy Select Sector SPDR (XLE)"."""
        for ticker in _TICKER.finditer(text):
            clash = [one for one in found if one[0] < ticker.end() and ticker.start() < one[1]]
            if any(not (ticker.start() <= start and end <= ticker.end()) for start, end, _ in clash):
                continue
            entity = self.ticker(ticker["ticker"] or "") if ticker["ticker"] else None
            name = _CAPITALS.search(text[: ticker.start()])
            if name is None or (entity is None and not ticker["exchange"]):
                continue
            start = name.start()
            if entity is None:
                entity = Entity(
                    name.group(), "stock", missing=f"daily prices of {name.group()} ({ticker['all']})"
                )
            end = ticker.end()
            if word := _AFTER.match(text, end):
                end = word.end()
            if owner := _OWNER.match(text, end):
                end, entity = owner.end(), replace(entity, owner=True)
            found = [one for one in found if not (start <= one[0] < end)]
            found.append((start, end, entity))
        return sorted(found, key=lambda one: one[0])

    def _gauge(self, text: str, place: int) -> tuple[int, Entity] | None:
        word = _WORD.match(text, place)
        for phrase, exact, entity in self._phrases.get(word.group().lower() if word else "", ()):
            end = place + len(phrase)
            piece = text[place:end]
            same = piece == phrase if exact else piece.lower() == phrase.lower()
            if same and not (end < len(text) and (text[end].isalnum() or text[end : end + 1] == "/")):
                if text[end : end + 1] == "-" and text[end + 1 : end + 2].isalpha():
                    continue  # "oil-producing", "stocks-only"
                return end, entity
        return None

    def _instrument(self, text: str, place: int) -> tuple[int, Entity] | None:
        match = self._table.match(text, place)
        if match is None or match.ticker or match.end == place:
            return None
        piece = text[place : match.end]
        initial = not text[:place].strip(' “"(—–-:')
        if " " not in piece and initial and (
            piece.lower() in lexicon.COMMON or lexicon.classes_of(piece.lower())
        ) and piece[1:].islower():  # fmt: skip
            return None
        symbols = tuple(sorted(one for one in match.symbols if one in self._table.titles))
        if not symbols:
            return None
        return match.end, self._entity(symbols)

    def _entity(self, symbols: tuple[str, ...]) -> Entity:
        held = tuple(one for one in symbols if one in self._bars) or symbols
        first = self._view.instrument(held[0])
        missing = (
            "" if any(one in self._bars for one in held) else f"daily prices of {first.name} ({held[0]})"
        )
        return Entity(
            first.name,
            first.kind,
            held if not missing else (),
            missing,
            loose=len(held) > 1 or " Class " in first.name,
        )

    def _anaphora(self, text: str, place: int) -> tuple[int, Entity] | None:
        found = _ANAPHORA.match(text, place)
        if found is None and text[place : place + 4].lower() in {"the ", "its ", "thei"}:
            found = _ANAPHORA.match(text[place : place + 1].lower() + text[place + 1 : place + 60])
            return None if found is None else (place + found.end(), _back(found))
        return None if found is None else (found.end(), _back(found))

    def _whole(self, text: str, start: int, end: int, entity: Entity) -> tuple[int, int, Entity]:
        """The name with its ticker, "index", "shares of …" and possessive."""
        if entity.kind == "index" and (word := _INDEX_WORD.match(text, end)):
            end = word.end()
        if entity.kind == "index" and (word := _OF_COMPANIES.match(text, end)):
            end = word.end()
        if entity.kind in {"stock", "etf"} and (word := _AFTER.match(text, end)):
            end = word.end()
        if ticker := _TICKER.match(text, end):
            end = ticker.end()
            entity = self._with_ticker(entity, ticker)
            if entity.kind in {"stock", "etf"} and (word := _AFTER.match(text, end)):
                end = word.end()
        if entity.kind in {"stock", "etf"} and (word := _BEFORE.search(text[:start])):
            start = word.start()
        if owner := _OWNER.match(text, end):
            end = owner.end()
            entity = replace(entity, owner=True)
        return start, end, entity

    def _with_ticker(self, entity: Entity, found: re.Match[str]) -> Entity:
        """A ticker in brackets settles which instrument is meant; an index keeps its own symbol."""
        if entity.kind == "index":
            # "the S&P 500 (SPXT)" is that index with dividends: a symbol that is neither its own nor a fund on it is another's
            bare = found["ticker"].lstrip(".^").upper()
            own = bare in _INDEX_TICKERS or any(one.partition(":")[2] == bare for one in self._bars)
            return entity if own else replace(entity, loose=True)
        if entity.kind not in {"stock", "etf"}:
            return entity
        symbol = ticker_symbol(f"({found['all']})") if found["exchange"] else None
        if symbol in self._table.titles:
            return replace(self._entity((symbol,)), loose=False)
        same = tuple(one for one in entity.symbols if one.partition(":")[2] == found["ticker"])
        return replace(entity, symbols=same, loose=False) if same else entity

    def ticker(self, text: str) -> Entity | None:
        """The instrument of a ticker, bare or with its exchange; None where the store does not know it."""
        wanted = text.upper().strip("$ ")
        known = [one for one in self._bars if one == wanted or one.partition(":")[2] == wanted]
        known = [one for one in known if not one.startswith("UNLISTED")]
        return self._entity(tuple(sorted(known))) if len(known) == 1 else None

    def bracketed(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Tickers in brackets that no known name precedes: places and what they say."""
        for found in _TICKER.finditer(text):
            if found["exchange"]:
                yield found.start(), found.end(), found["all"]

    def instrument(self, symbol: str) -> str:
        """What a symbol is called."""
        try:
            return self._view.instrument(symbol).name
        except UnknownSymbol:
            return symbol


def _skip(text: str, place: int) -> int:
    while place < len(text) and (text[place] in "’-" and place + 1 < len(text) and text[place + 1].isalnum()):
        word = _WORD.match(text, place + 1)
        if word is None:
            break
        place = word.end()
    return place


def _back(found: re.Match[str]) -> Entity:
    kind = next(name for name, value in found.groupdict().items() if value)
    return Entity(found.group(), "reference", missing="", loose=True, symbols=(f"@{kind}",))


def _stands_for(view: MarketView, symbol: str, gauge: Gauge) -> bool:
    """Whether the settings' benchmark is the gauge itself and not merely one of its size."""
    try:
        name = view.instrument(symbol).name
    except UnknownSymbol:
        return False
    return gauge.loose or name in gauge.held_as


def _missing(gauge: Gauge) -> str:
    what = {
        "index": "daily levels", "market": "an index", "currency": "daily rates", "commodity": "daily prices",
        "yield": "daily yields", "macro": "the readings", "curve": "the gap of yields", "otherbank": "the decisions",
    }[gauge.kind]  # fmt: skip
    return (
        f"{what} of {gauge.name}"
        if gauge.kind != "otherbank"
        else "decisions of other central banks than the Fed"
    )


_KNOWN: WeakKeyDictionary[MarketView, Directory] = WeakKeyDictionary()


def directory(view: MarketView) -> Directory:
    """The directory of a view, made once."""
    try:
        found = _KNOWN.get(view)
        if found is None:
            found = _KNOWN[view] = Directory(view)
    except TypeError:  # a view that cannot be weakly referenced is read anew
        found = Directory(view)
    return found
