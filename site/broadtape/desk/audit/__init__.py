"""Audit: what other publishers' market articles claim, and whether the store says so too.

Pure stages over a MarketView: passages → sentences → tokens → assertions → readings of their windows → findings. The
page's extraction, files and the terminal are others' business (docs/contracts/audit.md).
"""

from broadtape.desk.audit.auditing import audit
from broadtape.desk.audit.parts import VERDICTS, Audit, Finding, Passage, QuoteRow, Script, Verdict
from broadtape.desk.audit.reports import as_json

__all__ = ["VERDICTS", "Audit", "Finding", "Passage", "QuoteRow", "Script", "Verdict", "as_json", "audit"]
