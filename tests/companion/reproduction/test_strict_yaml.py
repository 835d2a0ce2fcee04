"""Hand-written YAML: what a person may write, and one line for everything else."""

import math
import time

import pytest
import yaml
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ntp_lib.companion.reproduction.strict_yaml import DEEPEST, MOST_VALUES, StrictYamlError, parse_yaml

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
NAMES = st.text().filter(lambda name: name != "<<")
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=20)


class Quoting(yaml.SafeDumper):
    """Quotes every text: PyYAML writes YAML 1.1, where 0E0 is a text; read is YAML 1.2, where it is a number."""


Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


@given(VALUES)
@example({"0E0": "1e3"})
@example({"\x85": ["\u2028", "\ufeff"]})
def test_what_a_dumper_writes_is_read_as_it_was(value):
    """Whatever the texts look like."""
    text = yaml.dump(value, Dumper=Quoting, allow_unicode=True)
    assume(text.count("[") + text.count("{") + text.count(":") + text.count("- ") < DEEPEST)
    assert parse_yaml(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing", None),
        ("[1, -2, 0, +3]", [1, -2, 0, 3]),
        ("[1e-6, 1.0e-6, .5, 1., -2E3]", [1e-6, 1e-6, 0.5, 1.0, -2e3]),
        ("[.inf, -.inf]", [math.inf, -math.inf]),
        ("[true, False, null, ~]", [True, False, None, None]),
        ("[yes, no, on, off, 2001-09-09, 2001-99-99]", ["yes", "no", "on", "off", "2001-09-09", "2001-99-99"]),
        ("[1:30, 0x1F, 1_000, 007]", ["1:30", "0x1F", "1_000", "007"]),
        ("[&a {x: 1}, *a]", [{"x": 1}, {"x": 1}]),
    ],
)
def test_plain_values(text, value):
    assert parse_yaml(text) == value


def bomb(levels, width):
    first = "&a0 [" + ",".join(["x"] * width) + "]"
    more = (f"&a{i} [" + ",".join([f"*a{i - 1}"] * width) + "]" for i in range(1, levels))
    return "[" + ", ".join([first, *more]) + "]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "line 2: 'a' is given twice"),
        ("{x: {b: 1, b: 1}}", "line 1: 'b' is given twice"),
        ("a: {<<: {b: 1}}", "line 1: '<<' merges mappings"),
        ("a: {? !!merge x : {b: 1}}", "line 1: '<<' merges mappings"),
        ("? [a, b]\n: c", "line 1: a list or mapping is no name; valid: a text"),
        ("1: a", "line 1: the name 1 is not a text; quote it"),
        ("true: a", "the name true is not a text"),
        (bomb(9, 10), f"line 1: more than {MOST_VALUES} values"),
        (bomb(40, 1), "line 1: more than 100000 values or 20 levels"),
        ("&a [*a]", "line 1: the alias *a stands for something that holds it"),
        ("a: &f\n  b: {c: *f}", "line 2: the alias *f stands for something that holds it"),
        ("*nothing", "line 1: found undefined alias"),
        ("[" * 2000 + "]" * 2000, "line 1: nested more than 20 levels deep"),
        ("{a: " * 2000, "line 1: nested more than 20 levels deep"),
        ("- " * 2000, "nested more than 20 levels deep"),
        ("[" * 200_000, "nested more than 20 levels deep"),
        ("9" * 5000, "Exceeds the limit"),
        ("!!int x", "invalid literal"),
        ("!!timestamp 2001-99-99", "could not determine a constructor"),
        ("!!python/object/apply:os.system [x]", "line 1: could not determine a constructor"),
        ("!!binary eA==", "could not determine a constructor"),
        ("a\0b", "special characters are not allowed"),
        ("a\ud800b", "special characters are not allowed"),
        ("---\na\n---\nb", "line 3: but found another document"),
        ("a: [1, 2", "line 1: "),
        ("\ta: 1", "line 1: found character '\\t' that cannot start any token"),
    ],
)
def test_everything_else_is_refused_in_one_line_and_at_once(text, message):
    begin = time.perf_counter()
    with pytest.raises(StrictYamlError) as refusal:
        parse_yaml(text)
    assert message in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1
    assert len(str(refusal.value)) < 250
    # Generous, for a busy machine: what is guarded against takes minutes or all memory.
    assert time.perf_counter() - begin < 30
