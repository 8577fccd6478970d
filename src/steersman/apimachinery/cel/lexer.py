"""Tokens of CEL source. Specified in the language definition, section "Syntax"."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from steersman.apimachinery.cel.errors import CompileError, Issue
from steersman.apimachinery.cel.values import INT_GREATEST, INT_LEAST, UINT_GREATEST, Uint

EXPRESSION_SIZE_LIMIT: Final = 100_000
"""Code points an expression may have."""

RESERVED_WORDS: Final = frozenset(
    {
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import"),
        *("let", "loop", "package", "namespace", "return", "var", "void", "while"),
    }
)
"""Words that cannot name a variable or function; fields may be called so."""


class Token(Enum):
    """The kinds of tokens; ``true``, ``false`` and ``null`` are literals, ``in`` is punctuation."""

    END = "<EOF>"
    IDENTIFIER = "identifier"
    LITERAL = "literal"
    PUNCTUATION = "punctuation"


@dataclass(frozen=True, slots=True)
class Lexeme:
    """``text`` as written; ``value`` is the value of a literal, the name of an identifier."""

    kind: Token
    text: str
    offset: int
    value: Any = None


_STRING = (
    r'(?P<prefix>[rRbB]{0,2})(?P<quoted>"""(?s:(?:[^\\]|\\.)*?)"""|\'\'\'(?s:(?:[^\\]|\\.)*?)\'\'\''
    r'|"(?:[^"\\\n\r]|\\.)*"|\'(?:[^\'\\\n\r]|\\.)*\')'
)
_RAW_STRING = (
    r'(?P<raw_prefix>[rR][bB]?|[bB][rR])(?P<raw>"""(?s:.*?)"""|\'\'\'(?s:.*?)\'\'\'|"[^"\n\r]*"|\'[^\'\n\r]*\')'
)
_LEXEME: Final = re.compile(
    r"(?P<space>[ \t\r\n\f]+|//[^\n]*)"
    rf"|{_RAW_STRING}|{_STRING}"
    r"|(?P<double>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<integer>0x[0-9a-fA-F]+|[0-9]+)(?P<unsigned>[uU])?"
    r"|(?P<identifier>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<punctuation>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}])"
)
_ESCAPE: Final = re.compile(
    r"\\(?:(?P<simple>[abfnrtv\\?\"'`])|[xX](?P<hex>[0-9a-fA-F]{2})|u(?P<short>[0-9a-fA-F]{4})"
    r"|U(?P<long>[0-9a-fA-F]{8})|(?P<octal>[0-3][0-7]{2})|(?P<wrong>.?))",
    re.DOTALL,
)
_SIMPLE: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_WORDS: Final = {"true": True, "false": False, "null": None}


def failure(source: str, offset: int, message: str) -> CompileError:
    """The error that says ``message`` about the place ``offset``."""
    return CompileError((issue_at(source, offset, message),))


def issue_at(source: str, offset: int, message: str) -> Issue:
    """What is wrong at an offset of the source, with its line and column."""
    start = source.rfind("\n", 0, offset) + 1
    return Issue(source.count("\n", 0, offset) + 1, offset - start + 1, message)


def tokenize(source: str) -> list[Lexeme]:
    """The tokens of an expression, the last one of kind END. Raises CompileError."""
    if len(source) > EXPRESSION_SIZE_LIMIT:
        problem = f"expression code point size exceeds limit: size: {len(source)}, limit {EXPRESSION_SIZE_LIMIT}"
        raise failure("", 0, problem)
    lexemes: list[Lexeme] = []
    offset = 0
    while offset < len(source):
        match = _LEXEME.match(source, offset)
        if match is None:
            shown = source[offset].replace("\n", "\\n")
            raise failure(source, offset, f"Syntax error: token recognition error at: '{shown}'")
        if match["space"] is None:
            lexemes.append(_lexeme(source, match))
        offset = match.end()
    lexemes.append(Lexeme(Token.END, "<EOF>", len(source)))
    return lexemes


def _lexeme(source: str, match: re.Match[str]) -> Lexeme:
    text, offset = match[0], match.start()
    if match["punctuation"]:
        return Lexeme(Token.PUNCTUATION, text, offset)
    if match["identifier"]:
        if text in _WORDS:
            return Lexeme(Token.LITERAL, text, offset, _WORDS[text])
        return Lexeme(Token.PUNCTUATION if text == "in" else Token.IDENTIFIER, text, offset, text)
    if match["integer"]:
        return Lexeme(Token.LITERAL, text, offset, _integer(source, match))
    if match["double"]:
        return Lexeme(Token.LITERAL, text, offset, float(text))
    return Lexeme(Token.LITERAL, text, offset, _string(source, match))


def _integer(source: str, match: re.Match[str]) -> int:
    digits = match["integer"]
    if len(digits) > 32:
        raise failure(source, match.start(), "invalid int literal")
    number = int(digits, 16) if digits.startswith("0x") else int(digits)
    if match["unsigned"]:
        if number > UINT_GREATEST:
            raise failure(source, match.start(), "invalid uint literal")
        return Uint(number)
    # One more than the greatest is allowed here: the parser sees whether a minus stands before it.
    if number > -INT_LEAST:
        raise failure(source, match.start(), "invalid int literal")
    return number


def check_integer(source: str, lexeme: Lexeme, value: int) -> None:
    """Refuse 2^63, which is an int only with a minus before it. Raises CompileError."""
    if type(value) is int and value > INT_GREATEST:
        raise failure(source, lexeme.offset, "invalid int literal")


def _string(source: str, match: re.Match[str]) -> str | bytes:
    if match["raw"]:
        prefix, quoted = match["raw_prefix"].lower(), match["raw"]
    else:
        prefix, quoted = match["prefix"].lower(), match["quoted"]
    if prefix not in ("", "r", "b", "rb", "br"):
        raise failure(source, match.start(), f"Syntax error: token recognition error at: '{match[0]}'")
    width = 3 if quoted[:3] in ('"""', "'''") and len(quoted) >= 6 else 1
    content = quoted[width:-width].replace("\r\n", "\n").replace("\r", "\n")
    if "b" not in prefix:
        return content if "r" in prefix or "\\" not in content else _unescape(source, match.start(), content)
    return content.encode() if "r" in prefix else _unescape_bytes(source, match.start(), content)


def _unescape(source: str, offset: int, content: str) -> str:
    def replacement(match: re.Match[str]) -> str:
        if simple := match["simple"]:
            return _SIMPLE.get(simple, simple)
        if octal := match["octal"]:
            return chr(int(octal, 8))
        digits = match["hex"] or match["short"] or match["long"]
        code = int(digits, 16) if digits else -1
        if code < 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise failure(source, offset, f"unable to unescape string: {match[0]}")
        return chr(code)

    return _ESCAPE.sub(replacement, content)


def _unescape_bytes(source: str, offset: int, content: str) -> bytes:
    pieces: list[bytes] = []
    end = 0
    for match in _ESCAPE.finditer(content):
        pieces.append(content[end : match.start()].encode())
        end = match.end()
        if simple := match["simple"]:
            pieces.append(_SIMPLE.get(simple, simple).encode())
        elif match["octal"]:
            pieces.append(bytes((int(match["octal"], 8),)))
        elif match["hex"]:
            pieces.append(bytes((int(match["hex"], 16),)))
        else:
            raise failure(source, offset, f"unable to unescape string: {match[0]}")
    pieces.append(content[end:].encode())
    return b"".join(pieces)
