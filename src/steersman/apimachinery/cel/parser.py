"""From source to syntax tree: precedence climbing over the tokens. Specified in the language definition, "Syntax"."""

from collections.abc import Callable
from typing import Final, NoReturn

from steersman.apimachinery.cel.errors import CompileError
from steersman.apimachinery.cel.lexer import RESERVED_WORDS, Lexeme, Token, check_integer, failure, tokenize
from steersman.apimachinery.cel.macros import OPTIONAL_MACROS, Macros, expand
from steersman.apimachinery.cel.syntax import (
    Call,
    Conditional,
    Entry,
    Expression,
    FieldValue,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    Logical,
    MapLiteral,
    MessageLiteral,
    Select,
)

RECURSION_LIMIT: Final = 250
"""How deep expressions may be nested; somewhat less where the interpreter's own stack is nearly used up."""

_RELATION, _ADDITION, _MULTIPLICATION, _UNARY = 3, 4, 5, 6
_OPERATORS: Final = {
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), _RELATION),
    **dict.fromkeys(("+", "-"), _ADDITION),
    **dict.fromkeys(("*", "/", "%"), _MULTIPLICATION),
}
_FUNCTIONS: Final = {operator: f"_{operator}_" for operator in _OPERATORS} | {"in": "@in"}
_OPERAND: Final = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
)


def parse(source: str, macros: Macros) -> Expression:
    """The syntax tree of an expression, its macros expanded. Raises CompileError at the first syntax error."""
    parser = _Parser(source, tokenize(source), macros)
    try:
        return parser.whole()
    except RecursionError:
        raise failure("", 0, f"expression recursion limit exceeded: {RECURSION_LIMIT}") from None


class _Parser:
    def __init__(self, source: str, lexemes: list[Lexeme], macros: Macros) -> None:
        self._source = source
        self._lexemes = lexemes
        self._position = 0
        self._next = lexemes[0]
        self._macros = macros
        # The syntax of optional values comes with their macros.
        self._optional_syntax = not OPTIONAL_MACROS.keys().isdisjoint(macros)
        self._depth = 0

    def whole(self) -> Expression:
        expression = self._expression()
        if self._next.kind is not Token.END:
            shown = self._next.text
            self._fail(self._next, f"Syntax error: mismatched input '{shown}' expecting <EOF>")
        return expression

    # Tokens.

    def _advance(self) -> Lexeme:
        taken = self._next
        self._position += 1
        self._next = self._lexemes[self._position] if self._position < len(self._lexemes) else taken
        return taken

    def _accept(self, text: str) -> Lexeme | None:
        if self._next.text == text and self._next.kind is Token.PUNCTUATION:
            return self._advance()
        return None

    def _expect(self, text: str) -> Lexeme:
        found = self._accept(text)
        if found is None:
            self._unexpected(f"'{text}'")
        return found

    def _unexpected(self, expected: str) -> NoReturn:
        shown = self._next.text
        self._fail(self._next, f"Syntax error: mismatched input '{shown}' expecting {expected}")

    def _fail(self, at: Lexeme, message: str) -> NoReturn:
        raise failure(self._source, at.offset, message)

    def _fail_at(self, offset: int, message: str) -> CompileError:
        return failure(self._source, offset, message)

    # Expressions.

    def _deeper(self, count: int) -> None:
        self._depth += count
        if self._depth > RECURSION_LIMIT:
            self._fail(self._next, f"expression recursion limit exceeded: {RECURSION_LIMIT}")

    def _expression(self) -> Expression:
        self._deeper(1)
        condition = self._logical(True)
        if question := self._accept("?"):
            then = self._logical(True)
            self._expect(":")
            condition = Conditional(question.offset, condition, then, self._expression())
        self._depth -= 1
        return condition

    def _logical(self, decided_by: bool) -> Expression:
        operator = "||" if decided_by else "&&"
        first = self._logical(False) if decided_by else self._binary(_RELATION)
        if self._next.text != operator or self._next.kind is not Token.PUNCTUATION:
            return first
        offset = self._next.offset
        operands = [first]
        while self._accept(operator):
            operands.append(self._logical(False) if decided_by else self._binary(_RELATION))
        return Logical(offset, decided_by, tuple(operands))

    def _binary(self, least: int) -> Expression:
        left = self._unary()
        made = 0
        while self._next.kind is Token.PUNCTUATION and _OPERATORS.get(self._next.text, 0) >= least:
            operator = self._advance()
            # Every link of a chain is a level of the tree.
            self._deeper(1)
            made += 1
            right = self._binary(_OPERATORS[operator.text] + 1)
            left = Call(operator.offset, _FUNCTIONS[operator.text], None, (left, right))
        self._depth -= made
        return left

    def _unary(self) -> Expression:
        first = self._next
        if first.kind is not Token.PUNCTUATION or first.text not in ("!", "-"):
            return self._member(self._primary())
        count = 0
        while self._accept(first.text):
            count += 1
        number = self._next
        if first.text == "-" and count == 1 and type(number.value) in (int, float):
            self._advance()
            return self._member(Literal(first.offset, -number.value))
        operand = self._member(self._primary())
        # Two of a kind cancel out, but only if the operand is one that they can be applied to.
        for _ in range(2 - count % 2):
            operand = Call(first.offset, f"{first.text}_", None, (operand,))
        return operand

    def _member(self, operand: Expression) -> Expression:
        made = 0
        while self._next.kind is Token.PUNCTUATION and self._next.text in (".", "["):
            self._deeper(1)
            made += 1
            operator = self._advance()
            optional = self._optional_mark(operator)
            if operator.text == "[":
                operand = Index(operator.offset, operand, self._expression(), optional)
                self._expect("]")
            else:
                operand = self._selection(operator, operand, optional)
        self._depth -= made
        return operand

    def _optional_mark(self, operator: Lexeme | None = None) -> bool:
        mark = self._accept("?")
        if mark and not self._optional_syntax:
            self._fail(operator or mark, f"unsupported syntax '{operator.text if operator else ''}?'")
        return mark is not None

    def _selection(self, operator: Lexeme, operand: Expression, optional: bool) -> Expression:
        name = self._next
        if name.kind is not Token.IDENTIFIER:
            self._unexpected("IDENTIFIER")
        self._advance()
        field = name.text
        opening = self._next
        if not optional and self._accept("("):
            arguments = self._arguments(")")
            return self._call(opening.offset, field, operand, arguments)
        return Select(operator.offset, operand, field, optional)

    def _call(self, offset: int, function: str, target: Expression | None, arguments: list[Expression]) -> Expression:
        expanded = expand(self._macros, offset, function, target, arguments, self._fail_at)
        return expanded if expanded is not None else Call(offset, function, target, tuple(arguments))

    def _arguments(self, closing: str) -> list[Expression]:
        arguments: list[Expression] = []
        if not self._accept(closing):
            arguments.append(self._expression())
            while self._accept(","):
                arguments.append(self._expression())
            self._expect(closing)
        return arguments

    def _primary(self) -> Expression:
        lexeme = self._next
        if lexeme.kind is Token.LITERAL:
            self._advance()
            check_integer(self._source, lexeme, lexeme.value)
            return Literal(lexeme.offset, lexeme.value)
        if lexeme.kind is Token.IDENTIFIER or lexeme.text == ".":
            return self._name()
        reader = _BRACKETS.get(lexeme.text) if lexeme.kind is Token.PUNCTUATION else None
        if reader is None:
            self._unexpected(_OPERAND)
        self._advance()
        return reader(self, lexeme)

    def _name(self) -> Expression:
        dot = self._accept(".")
        name = self._next
        if name.kind is not Token.IDENTIFIER:
            self._unexpected("IDENTIFIER")
        self._advance()
        if name.text in RESERVED_WORDS:
            self._fail(name, f"reserved identifier: {name.text}")
        opening = self._next
        if self._accept("("):
            return self._call(opening.offset, name.text, None, self._arguments(")"))
        if type_name := self._message_name(name.text):
            return self._message(self._advance(), type_name)
        return Identifier(name.offset, name.text, dot is not None)

    def _message_name(self, first: str) -> str:
        """The dotted name that ends at an opening brace, its tokens taken up to the brace; empty if there is none."""
        position, names = self._position, [first]
        while self._lexemes[position].text == "." and self._lexemes[position + 1].kind is Token.IDENTIFIER:
            names.append(self._lexemes[position + 1].text)
            position += 2
        if self._lexemes[position].text != "{" or self._lexemes[position].kind is not Token.PUNCTUATION:
            return ""
        self._position, self._next = position, self._lexemes[position]
        return ".".join(names)

    def _parenthesis(self, _: Lexeme) -> Expression:
        expression = self._expression()
        self._expect(")")
        return expression

    def _list(self, opening: Lexeme) -> Expression:
        elements: list[Expression] = []
        optional: set[int] = set()
        while not self._accept("]"):
            if self._optional_mark():
                optional.add(len(elements))
            elements.append(self._expression())
            if not self._accept(","):
                self._expect("]")
                break
        return ListLiteral(opening.offset, tuple(elements), frozenset(optional))

    def _map(self, opening: Lexeme) -> Expression:
        entries: list[Entry] = []
        while not self._accept("}"):
            optional = self._optional_mark()
            key = self._expression()
            colon = self._expect(":")
            entries.append(Entry(colon.offset, key, self._expression(), optional))
            if not self._accept(","):
                self._expect("}")
                break
        return MapLiteral(opening.offset, tuple(entries))

    def _message(self, opening: Lexeme, type_name: str) -> Expression:
        fields: list[FieldValue] = []
        while not self._accept("}"):
            optional = self._optional_mark()
            name = self._next
            if name.kind is not Token.IDENTIFIER:
                self._unexpected("IDENTIFIER")
            self._advance()
            colon = self._expect(":")
            fields.append(FieldValue(colon.offset, name.text, self._expression(), optional))
            if not self._accept(","):
                self._expect("}")
                break
        return MessageLiteral(opening.offset, type_name, tuple(fields))


_BRACKETS: Final[dict[str, Callable[[_Parser, Lexeme], Expression]]] = {
    "(": _Parser._parenthesis,
    "[": _Parser._list,
    "{": _Parser._map,
}
