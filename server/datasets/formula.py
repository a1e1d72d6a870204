"""Formulas of a variable or several, in a small grammar of our own; no text is ever eval'ed.

    sum      = product { ( "+" | "-" ) product }
    product  = signed { ( "*" | "/" ) signed }
    signed   = ( "-" | "+" ) signed | power
    power    = atom [ ( "^" | "**" ) signed ]
    atom     = number | variable | "pi" | "e" | "(" sum ")"
             | function "(" sum { "," sum } ")"
    variable = "x", or one of several by its name, between backticks where that is no word

Powers bind to the right, and before a sign: -x^2 is -(x^2), as in Python.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

MAX_LENGTH = 200
MAX_DEPTH = 40

Values = NDArray[np.float64]
#: what the variables are, by their names
Given = Mapping[str, Values]

# How tightly a node holds together; a looser one inside a tighter one needs parentheses.
_SUM, _PRODUCT, _SIGNED, _POWER, _ATOM = range(5)


class FormulaError(ValueError):
    """What is wrong with a formula. `position` counts its characters from 1."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(f"character {position}: {message}")
        self.position = position


@dataclass(frozen=True)
class Expression:
    """A parsed formula."""

    root: Node

    def evaluate(self, x: ArrayLike) -> Values:
        """Values in float64, of the shape of `x`; inf or NaN where the formula has none."""
        x = np.asarray(x, np.float64)
        return self.of({"x": x}, x.shape)

    def of(self, given: Given, shape: tuple[int, ...]) -> Values:
        """`evaluate`, of several variables of this shape."""
        with np.errstate(all="ignore"):
            return np.array(np.broadcast_to(self.root.value(given), shape), np.float64)

    @property
    def variables(self) -> list[str]:
        """The names of those that it is of, each once, in their order."""
        return list(dict.fromkeys(n.name for n in self.root.nodes() if isinstance(n, Variable)))

    @property
    def total(self) -> bool:
        """Whether it has a value for all numbers."""
        return all(node.total for node in self.root.nodes())

    def python(self, variables: Mapping[str, str]) -> str:
        """The same for NumPy, of variables that are written so."""
        return self.root.python(variables)

    def latex(self) -> str:
        return self.root.latex()

    def __str__(self) -> str:
        """A text that parses to an equal expression, with no needless parentheses."""
        return self.root.text()


class Node:
    """A part of a formula. `binding` is for `text`, `latex_binding` for `latex`."""

    binding: int = _ATOM

    @property
    def latex_binding(self) -> int:
        return self.binding

    @property
    def total(self) -> bool:
        """Whether it has a value for all numbers, if its parts have one."""
        return True

    def nodes(self) -> Iterator[Node]:
        """Itself, and all parts of it."""
        yield self

    def value(self, given: Given) -> Values:
        raise NotImplementedError

    def python(self, variables: Mapping[str, str]) -> str:
        """For NumPy, in parentheses where it needs some."""
        raise NotImplementedError

    def text(self) -> str:
        raise NotImplementedError

    def latex(self) -> str:
        raise NotImplementedError


def _text(node: Node, binding: int) -> str:
    return node.text() if node.binding >= binding else f"({node.text()})"


def _latex(node: Node, binding: int) -> str:
    if node.latex_binding >= binding:
        return node.latex()
    return rf"\left({node.latex()}\right)"


def _signless(node: Node, binding: int) -> str:
    """The same, with parentheses also where a sign would follow an operator."""
    text = _latex(node, binding)
    return rf"\left({text}\right)" if text.startswith("-") else text


@dataclass(frozen=True)
class Number(Node):
    """A finite number, 0 or more."""

    number: float

    @property
    def latex_binding(self) -> int:
        return _PRODUCT if "e" in self.text() else _ATOM

    def value(self, given: Given) -> Values:
        return np.asarray(self.number)

    def python(self, variables: Mapping[str, str]) -> str:
        return repr(self.number)

    def text(self) -> str:
        return repr(self.number).removesuffix(".0")

    def latex(self) -> str:
        mantissa, _, exponent = self.text().partition("e")
        return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else mantissa


@dataclass(frozen=True)
class Variable(Node):
    """What it is of."""

    name: str = "x"

    def value(self, given: Given) -> Values:
        return given[self.name]

    def python(self, variables: Mapping[str, str]) -> str:
        return variables[self.name]

    def text(self) -> str:
        plain = _WORD.fullmatch(self.name) and self.name not in {*CONSTANTS, *FUNCTIONS}
        return self.name if plain else f"`{self.name}`"

    def latex(self) -> str:
        return self.name if len(self.name) == 1 else rf"\text{{{self.name}}}"


CONSTANTS = {"pi": (math.pi, r"\pi"), "e": (math.e, "e")}


@dataclass(frozen=True)
class Constant(Node):
    """A number with a name."""

    name: str

    def value(self, given: Given) -> Values:
        return np.asarray(CONSTANTS[self.name][0])

    def python(self, variables: Mapping[str, str]) -> str:
        return f"np.{self.name}"

    def text(self) -> str:
        return self.name

    def latex(self) -> str:
        return CONSTANTS[self.name][1]


@dataclass(frozen=True)
class Negative(Node):
    """A minus sign before something."""

    operand: Node
    binding = _SIGNED

    def value(self, given: Given) -> Values:
        return -self.operand.value(given)

    def nodes(self) -> Iterator[Node]:
        yield self
        yield from self.operand.nodes()

    def python(self, variables: Mapping[str, str]) -> str:
        return f"(-{self.operand.python(variables)})"

    def text(self) -> str:
        return f"-{_text(self.operand, _SIGNED)}"

    def latex(self) -> str:
        return f"-{_signless(self.operand, _PRODUCT)}"


@dataclass(frozen=True)
class Operator:
    """A binary operator, with the binding that its operands need to stand bare."""

    apply: Callable[[Values, Values], Values]
    binding: int
    left: int
    right: int


OPERATORS = {
    "+": Operator(np.add, _SUM, _SUM, _PRODUCT),
    "-": Operator(np.subtract, _SUM, _SUM, _PRODUCT),
    "*": Operator(np.multiply, _PRODUCT, _PRODUCT, _SIGNED),
    "/": Operator(np.divide, _PRODUCT, _PRODUCT, _SIGNED),
    "^": Operator(np.power, _POWER, _ATOM, _SIGNED),
}


@dataclass(frozen=True)
class Binary(Node):
    """Two operands and the operator between them."""

    operator: str
    left: Node
    right: Node

    @property
    def binding(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return OPERATORS[self.operator].binding

    @property
    def latex_binding(self) -> int:
        return _SIGNED if self.operator == "/" else self.binding  # a fraction bar encloses

    def value(self, given: Given) -> Values:
        return OPERATORS[self.operator].apply(self.left.value(given), self.right.value(given))

    @property
    def total(self) -> bool:
        """A quotient is by a number that is not 0, a power is whole."""
        if self.operator not in "/^":
            return True
        if not isinstance(self.right, Number):
            return False
        number = self.right.number
        return number != 0 if self.operator == "/" else number.is_integer()

    def nodes(self) -> Iterator[Node]:
        yield self
        yield from self.left.nodes()
        yield from self.right.nodes()

    def python(self, variables: Mapping[str, str]) -> str:
        left, right = self.left.python(variables), self.right.python(variables)
        return f"({left} {self.operator.replace('^', '**')} {right})"

    def text(self) -> str:
        operator = OPERATORS[self.operator]
        left, right = _text(self.left, operator.left), _text(self.right, operator.right)
        return (
            f"{left} {self.operator} {right}"
            if self.operator in "+-"
            else (f"{left}{self.operator}{right}")
        )

    def latex(self) -> str:
        if self.operator == "/":
            return rf"\frac{{{self.left.latex()}}}{{{self.right.latex()}}}"
        operator = OPERATORS[self.operator]
        left = _latex(self.left, operator.left)
        if self.operator == "^":
            return f"{left}^{{{self.right.latex()}}}"
        right = _signless(self.right, operator.right)
        return f"{left}{self._sign(right)}{right}"

    def _sign(self, right: str) -> str:
        if self.operator != "*":
            return f" {self.operator} "
        return r"\," if isinstance(self.left, Number) and not right[0].isdigit() else r" \cdot "


@dataclass(frozen=True)
class Function:
    """A function: how it is computed and, with %s for its arguments, written. code: for NumPy,
    where that is not np.NAME(%s). total: whether it has a value for all numbers."""

    apply: Callable[..., Values]
    latex: str
    binding: int = _POWER
    several: bool = False
    code: str = ""
    total: bool = True


def _named(name: str) -> str:
    return name + r"\left(%s\right)"


def _sigmoid(x: Values) -> Values:
    return 0.5 * (1 + np.tanh(0.5 * x))  # does not overflow


def _least(*arguments: Values) -> Values:
    return np.min(np.broadcast_arrays(*arguments), axis=0)


def _greatest(*arguments: Values) -> Values:
    return np.max(np.broadcast_arrays(*arguments), axis=0)


FUNCTIONS: dict[str, Function] = {
    "sin": Function(np.sin, _named(r"\sin")),
    "cos": Function(np.cos, _named(r"\cos")),
    "tan": Function(np.tan, _named(r"\tan")),
    "exp": Function(np.exp, "e^{%s}"),
    "log": Function(np.log, _named(r"\ln"), total=False),
    "sqrt": Function(np.sqrt, r"\sqrt{%s}", _ATOM, total=False),
    "abs": Function(np.abs, r"\left|%s\right|", _ATOM),
    "tanh": Function(np.tanh, _named(r"\tanh")),
    "sigmoid": Function(_sigmoid, _named(r"\sigma"), code="(0.5 * (1 + np.tanh(0.5 * (%s))))"),
    "relu": Function(
        lambda x: np.maximum(x, 0.0), r"\max\left(0, %s\right)", code="np.maximum(%s, 0.0)"
    ),
    "sign": Function(np.sign, _named(r"\operatorname{sign}")),
    "step": Function(
        lambda x: np.heaviside(x, 1.0),
        _named(r"\operatorname{step}"),
        code="np.heaviside(%s, 1.0)",
    ),
    "floor": Function(np.floor, r"\left\lfloor %s\right\rfloor", _ATOM),
    "gauss": Function(
        lambda x: np.exp(-0.5 * x * x),
        r"e^{-\frac{1}{2}\left(%s\right)^{2}}",
        code="np.exp(-0.5 * np.square(%s))",
    ),
    "min": Function(
        _least, _named(r"\min"), several=True, code="np.min(np.broadcast_arrays(%s), axis=0)"
    ),
    "max": Function(
        _greatest, _named(r"\max"), several=True, code="np.max(np.broadcast_arrays(%s), axis=0)"
    ),
}


@dataclass(frozen=True)
class Call(Node):
    """A function and its arguments."""

    function: str
    arguments: tuple[Node, ...]

    @property
    def latex_binding(self) -> int:
        return FUNCTIONS[self.function].binding

    def value(self, given: Given) -> Values:
        return FUNCTIONS[self.function].apply(*(a.value(given) for a in self.arguments))

    @property
    def total(self) -> bool:
        return FUNCTIONS[self.function].total

    def nodes(self) -> Iterator[Node]:
        yield self
        for argument in self.arguments:
            yield from argument.nodes()

    def python(self, variables: Mapping[str, str]) -> str:
        code = FUNCTIONS[self.function].code or f"np.{self.function}(%s)"
        return code % ", ".join(a.python(variables) for a in self.arguments)

    def text(self) -> str:
        return f"{self.function}({', '.join(a.text() for a in self.arguments)})"

    def latex(self) -> str:
        return FUNCTIONS[self.function].latex % ", ".join(a.latex() for a in self.arguments)


def parse(text: str, variables: Sequence[str] = ("x",)) -> Expression:
    """Read a formula of these variables. Raises FormulaError (a ValueError): where it is wrong
    and the mend."""
    if len(text) > MAX_LENGTH:
        raise FormulaError(
            MAX_LENGTH + 1,
            f"a formula has at most {MAX_LENGTH} characters, this one {len(text)}; shorten it",
        )
    return Expression(_Parser(text, variables).formula())


@dataclass(frozen=True)
class _Token:
    kind: str  # number, name, quoted, symbol or end
    text: str
    position: int


_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<quoted>`[^`]+`)"
    r"|(?P<symbol>\*\*|[-+*/^(),])"
)


def _meaningless(letter: str) -> str:
    if letter == "`":
        return "this ` is not closed; add another behind the name"
    return f"{letter!r} has no meaning here; use numbers, x, + - * / ^ and functions"


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    start = 0
    while start < len(text):
        match = _TOKEN.match(text, start)
        if match is None:
            raise FormulaError(start + 1, _meaningless(text[start]))
        kind = str(match.lastgroup)
        if kind != "space":
            symbol = match[0] if kind == "quoted" else match[0].replace("**", "^")
            tokens.append(_Token(kind, symbol, start + 1))
        start = match.end()
    return [*tokens, _Token("end", "", len(text) + 1)]


class _Parser:
    """Recursive descent: one method for every rule of the grammar."""

    def __init__(self, text: str, variables: Sequence[str]) -> None:
        self.tokens = _tokens(text)
        self.variables = variables
        self.index = 0
        self.depth = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.index]

    def take(self) -> _Token:
        token = self.next
        self.index += 1
        return token

    def accept(self, symbols: str) -> _Token | None:
        """The next token, taken, if it is one of these symbols."""
        token = self.next
        return self.take() if token.kind == "symbol" and token.text in symbols else None

    def formula(self) -> Node:
        if self.next.kind == "end":
            raise FormulaError(1, "the formula is empty; write one such as sin(x)")
        node = self.sum()
        if self.next.kind != "end":
            self.refuse_rest()
        return node

    def refuse_rest(self) -> NoReturn:
        token = self.next
        if token.text == ")":
            raise FormulaError(token.position, "no '(' belongs to this ')'; remove it")
        if token.text == ",":
            raise FormulaError(token.position, "a comma belongs between arguments; remove it")
        raise FormulaError(
            token.position,
            f"an operator is missing before {token.text!r}; for a product write *{token.text}",
        )

    def sum(self) -> Node:
        node = self.product()
        while operator := self.accept("+-"):
            node = Binary(operator.text, node, self.product())
        return node

    def product(self) -> Node:
        node = self.signed()
        while operator := self.accept("*/"):
            node = Binary(operator.text, node, self.signed())
        return node

    def signed(self) -> Node:
        if self.depth >= MAX_DEPTH:
            raise FormulaError(
                self.next.position, f"nested more than {MAX_DEPTH} deep; write it more simply"
            )
        self.depth += 1
        node = self.signed_or_power()
        self.depth -= 1
        return node

    def signed_or_power(self) -> Node:
        sign = self.accept("+-")
        if sign is None:
            return self.power()
        return Negative(self.signed()) if sign.text == "-" else self.signed()

    def power(self) -> Node:
        base = self.atom()
        return Binary("^", base, self.signed()) if self.accept("^") else base

    def atom(self) -> Node:
        token = self.next
        if token.kind == "number":
            return self.number()
        if token.kind in ("name", "quoted"):
            return self.named()
        if opening := self.accept("("):
            node = self.sum()
            self.close(opening)
            return node
        found = "the formula ends here" if token.kind == "end" else f"not {token.text!r}"
        raise FormulaError(token.position, f"a value is wanted, such as 2, x or sin(x); {found}")

    def number(self) -> Node:
        token = self.take()
        number = float(token.text)
        if not math.isfinite(number):
            raise FormulaError(token.position, f"{token.text} is too large; use less than 1e308")
        return Number(number)

    def named(self) -> Node:
        token = self.take()
        if token.kind == "quoted":
            return self.quoted(token)
        if token.text in CONSTANTS:
            return Constant(token.text)
        if token.text in FUNCTIONS:
            return self.call(token)
        if token.text in self.variables:
            return Variable(token.text)
        words = [name if _WORD.fullmatch(name) else f"`{name}`" for name in self.variables]
        known = [*words, *CONSTANTS, *FUNCTIONS]
        near = difflib.get_close_matches(token.text.lower(), known, 1)
        mend = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        raise FormulaError(token.position, f"unknown name {token.text!r}; {mend}")

    def quoted(self, token: _Token) -> Node:
        name = token.text.strip("`")
        if name in self.variables:
            return Variable(name)
        some = ", ".join(map(repr, self.variables[:8]))
        raise FormulaError(token.position, f"there is no {name!r}; there are {some}")

    def call(self, name: _Token) -> Node:
        opening = self.accept("(")
        if opening is None:
            raise FormulaError(
                self.next.position, f"{name.text} wants its argument in parentheses: {name.text}(x)"
            )
        arguments = [self.sum()]
        while self.accept(","):
            arguments.append(self.sum())
        self.close(opening)
        self.check_count(name, len(arguments))
        return Call(name.text, tuple(arguments))

    def check_count(self, name: _Token, count: int) -> None:
        if FUNCTIONS[name.text].several:
            if count < 2:
                raise FormulaError(
                    name.position, f"{name.text} takes two arguments or more: {name.text}(x, 0)"
                )
        elif count != 1:
            raise FormulaError(name.position, f"{name.text} takes one argument, not {count}")

    def close(self, opening: _Token) -> None:
        if self.accept(")"):
            return
        token = self.next
        if token.kind == "end":
            raise FormulaError(
                token.position, f"the '(' at character {opening.position} is not closed; add ')'"
            )
        self.refuse_rest()
