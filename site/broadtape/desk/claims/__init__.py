"""Claims: what a text says, read into tokens, and whether a fact says so too.

Pure text and facts; the article, its files and the store are desk.proof's business.
"""

from broadtape.desk.claims.entail import entails
from broadtape.desk.claims.guards import guard_holds, sentence_digest
from broadtape.desk.claims.lexer import lex
from broadtape.desk.claims.names import NameTable
from broadtape.desk.claims.tokens import Figure, Moment, Name, Plain, Proper, Token, Word
from broadtape.desk.claims.verdicts import Context, Objection, Verdict

__all__ = [
    "Context",
    "Figure",
    "Moment",
    "Name",
    "NameTable",
    "Objection",
    "Plain",
    "Proper",
    "Token",
    "Verdict",
    "Word",
    "entails",
    "guard_holds",
    "lex",
    "sentence_digest",
]
