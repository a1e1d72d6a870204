"""The formula grammar: values against NumPy, round trips, refusals."""

import ast
import inspect
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.datasets import formula
from server.datasets.formula import FUNCTIONS, MAX_LENGTH, FormulaError, parse

X = np.linspace(-6, 6, 25)

# What each name means, written down a second time, in NumPy.
UNARY = {
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "tanh": np.tanh,
    "sigmoid": lambda x: 0.5 * (1 + np.tanh(0.5 * x)),
    "relu": lambda x: np.maximum(x, 0),
    "sign": np.sign,
    "step": lambda x: np.heaviside(x, 1),
    "floor": np.floor,
    "gauss": lambda x: np.exp(-0.5 * x * x),
}
SEVERAL = {"min": np.minimum, "max": np.maximum}
BINARY = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
    "**": np.power,
}

leaves = st.one_of(
    st.just(("x",)),
    st.just(("pi",)),
    st.just(("e",)),
    st.floats(0, 100).map(lambda number: ("number", number)),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(sorted(UNARY)), inner),
        st.tuples(st.sampled_from(sorted(SEVERAL)), inner, inner),
        st.tuples(st.sampled_from(sorted(BINARY)), inner, inner),
        st.tuples(st.just("negative"), inner),
    ),
    max_leaves=8,
)


def write(tree) -> str:
    """A tree with every parenthesis written."""
    name, *inner = tree
    if name == "number":
        return repr(inner[0])
    if name == "negative":
        return f"(-{write(inner[0])})"
    if name in BINARY:
        return f"({write(inner[0])}{name}{write(inner[1])})"
    return f"{name}({','.join(map(write, inner))})" if inner else name


def reckon(tree) -> np.ndarray:
    name, *inner = tree
    if not inner:
        return {"x": X, "pi": np.asarray(np.pi), "e": np.asarray(np.e)}[name]
    if name == "number":
        return np.asarray(inner[0])
    values = [reckon(part) for part in inner]
    return {**UNARY, **SEVERAL, **BINARY, "negative": np.negative}[name](*values)


def test_every_function_is_checked():
    assert set(FUNCTIONS) == {*UNARY, *SEVERAL}


@given(trees)
def test_values_are_numpys(tree):
    text = write(tree)
    assume(len(text) <= MAX_LENGTH)
    with np.errstate(all="ignore"):
        wanted = np.broadcast_to(reckon(tree), X.shape)
    values = parse(text).evaluate(X)
    assert values.dtype == np.float64
    np.testing.assert_allclose(values, wanted, rtol=1e-12)


@given(trees)
def test_text_parses_to_the_same_expression(tree):
    text = write(tree)
    assume(len(text) <= MAX_LENGTH)
    expression = parse(text)
    assert parse(str(expression)) == expression
    assert len(str(expression)) <= 2 * len(text)


@given(trees)
def test_latex_is_balanced(tree):
    text = write(tree)
    assume(len(text) <= MAX_LENGTH)
    latex = parse(text).latex()
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") - latex.count(r"\left\lfloor") == (
        latex.count(r"\right") - latex.count(r"\right\rfloor")
    )


GRAMMAR = st.text(alphabet="x0123456789.eE+-*/^(), pinsqrtmaxloghbdf", max_size=60)
MANGLED = st.lists(
    st.sampled_from([*FUNCTIONS, "x", "pi", "e", "2", ".5", *"+-*/^(),", "**", " "]), max_size=40
).map("".join)


@given(st.one_of(st.text(), GRAMMAR, MANGLED))
def test_any_text_is_a_formula_or_a_formula_error(text):
    expression = parse_or_error(text)
    if isinstance(expression, FormulaError):
        assert 1 <= expression.position <= len(text) + 1
        assert str(expression).startswith(f"character {expression.position}: ")
        return
    assert expression.evaluate(X).shape == X.shape
    assert parse(str(expression)) == expression
    assert expression.latex()


def parse_or_error(text):
    try:
        return parse(text)
    except FormulaError as error:
        return error


@pytest.mark.parametrize(
    ("text", "at", "value"),
    [
        ("-x^2", 3, -9),
        ("(-x)^2", 3, 9),
        ("2^3^2", 0, 512),
        ("2^-x", 1, 0.5),
        ("8/4/2", 0, 1),
        ("8-4-2", 0, 2),
        ("2+3*4", 0, 14),
        ("--x", 5, 5),
        ("+x", 5, 5),
        ("2**3", 0, 8),
        ("-x*2", 3, -6),
        (" x \n* 2 ", 3, 6),
        ("1.5e1 + .5 + 2.", 0, 17.5),
        ("min(3, x, 2)", 9, 2),
        ("max(3, x, 2)", 9, 9),
        ("step(x)", 0, 1),
        ("floor(x)", -0.5, -1),
        ("sign(x)", -4, -1),
        ("relu(x)", -4, 0),
        ("sigmoid(x)", 2, 1 / (1 + math.exp(-2))),
        ("sigmoid(x)", -800, 0),
        ("log(e)", 0, 1),
        ("sin(pi/2)", 0, 1),
    ],
)
def test_meaning(text, at, value):
    np.testing.assert_allclose(parse(text).evaluate(at), value, atol=1e-15)


def test_a_constant_has_the_shape_of_the_input():
    assert parse("3").evaluate(np.zeros((2, 5))).tolist() == [[3.0] * 5] * 2


def test_where_there_is_no_value_there_is_nan_or_infinity():
    assert np.isnan(parse("log(x)").evaluate(-1))
    assert np.isinf(parse("1/x").evaluate(0))


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 1, "empty"),
        ("3x", 2, "write *x"),
        ("x x", 3, "write *x"),
        ("sin x", 5, "in parentheses: sin(x)"),
        ("sen(x)", 1, "did you mean sin?"),
        ("2 + Sin(x)", 5, "did you mean sin?"),
        ("y + 1", 1, "known are x"),
        ("(x", 3, "'(' at character 1 is not closed"),
        ("sin((x)", 8, "'(' at character 4 is not closed"),
        ("x)", 2, "remove it"),
        ("x, 2", 2, "remove it"),
        ("x +", 4, "the formula ends here"),
        ("x + * 2", 5, "not '*'"),
        ("()", 2, "a value is wanted"),
        ("min(x)", 1, "two arguments or more"),
        ("sin(x, 2)", 1, "one argument, not 2"),
        ("1e999", 1, "too large"),
        ("x % 2", 3, "no meaning"),
        ("x²", 2, "no meaning"),
        ("٣", 1, "no meaning"),
        ("(" * 60, 41, "more than 40 deep"),
        ("-" * 60 + "x", 41, "more than 40 deep"),
        ("sin(" * 45, 161, "more than 40 deep"),
        ("x" * 201, 201, "at most 200"),
        ("__import__('os')", 12, "no meaning"),
        ("__import__(x)", 1, "unknown name"),
        ("x.__class__", 2, "no meaning"),
        ("lambda: x", 7, "no meaning"),
    ],
)
def test_refusals_say_where_and_the_mend(text, position, words):
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert caught.value.position == position
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("x^2/6 - 3", r"\frac{x^{2}}{6} - 3"),
        ("2*x", r"2\,x"),
        ("2*3", r"2 \cdot 3"),
        ("x*-1", r"x \cdot \left(-1\right)"),
        ("(x + 1)*x", r"\left(x + 1\right) \cdot x"),
        ("x - (x - 1)", r"x - \left(x - 1\right)"),
        ("sin(x)^2", r"\left(\sin\left(x\right)\right)^{2}"),
        ("(x/2)^2", r"\left(\frac{x}{2}\right)^{2}"),
        ("exp(-x)", "e^{-x}"),
        ("sqrt(abs(x))", r"\sqrt{\left|x\right|}"),
        ("-(x/2)", r"-\frac{x}{2}"),
        ("1e-7*pi", r"1 \times 10^{-7}\,\pi"),
    ],
)
def test_latex(text, latex):
    assert parse(text).latex() == latex


def test_nothing_is_evaluated_as_code():
    names = {
        n.id for n in ast.walk(ast.parse(inspect.getsource(formula))) if isinstance(n, ast.Name)
    }
    assert not names & {"eval", "exec", "compile", "__import__", "getattr", "globals"}
