"""YAML for hand-written files and typed values: plain values, no name twice, no merging, no end of aliases."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

# Far beyond what a person writes: levels of nesting, and values where every alias counts for what it repeats.
DEEPEST, MOST_VALUES = 20, 100_000
TAG = "tag:yaml.org,2002:"
PLAIN = tuple(TAG + kind for kind in ("null", "bool", "int", "float", "str", "seq", "map"))


class StrictYamlError(ValueError):
    """A text that is not such YAML; one line that says where and why."""


def parse_yaml(text: str) -> Any:
    """Read one document of mappings with text keys, lists, texts, numbers, true, false and null.

    Dates, yes and no are texts, as in YAML 1.2. Aliases may repeat what was named before.

    Args:
        text: the document.

    Returns:
        Its content; None for an empty document.

    Raises:
        StrictYamlError: it is not YAML, gives a name twice, merges mappings, nests too deeply, or holds too many
            values.
    """
    try:
        return _Loader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise StrictYamlError(f"{where}{_one_line(error.problem or error)}") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise StrictYamlError(_one_line(error)) from None


def _one_line(message: object) -> str:
    text = " ".join(str(message).split())
    return text if len(text) <= 200 else f"{text[:199]}…"


def _refusal(problem: str, node: yaml.Node | yaml.Event) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)  # type: ignore[arg-type]


class _Loader(yaml.SafeLoader):
    """Safe YAML without merge keys and dates, which counts what it composes."""

    yaml_constructors = {tag: yaml.SafeLoader.yaml_constructors[tag] for tag in (None, *PLAIN)}  # noqa: RUF012
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's interface

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._open = 0
        # Values and levels below each node, once it is complete; its identity is that of every alias to it.
        self._measures: dict[int, tuple[int, int]] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        self._open += 1
        if self._open > DEEPEST:
            raise _refusal(f"nested more than {DEEPEST} levels deep", event)
        node = super().compose_node(parent, index)
        self._open -= 1
        assert node is not None
        if not isinstance(event, yaml.AliasEvent):
            self._measures[id(node)] = self._measure(node)
        elif id(node) not in self._measures:
            raise _refusal(f"the alias *{event.anchor} stands for something that holds it", event)
        return node

    def _measure(self, node: yaml.Node) -> tuple[int, int]:
        if isinstance(node, yaml.ScalarNode):
            return 1, 1
        pairs = isinstance(node, yaml.MappingNode)
        children = [child for item in node.value for child in (item if pairs else (item,))]
        found = [self._measures[id(child)] for child in children]
        values = 1 + sum(values for values, _ in found)
        levels = 1 + max((levels for _, levels in found), default=0)
        if values > MOST_VALUES or levels > DEEPEST:
            raise _refusal(f"more than {MOST_VALUES} values or {DEEPEST} levels, aliases replaced", node)
        return values, levels

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names: set[str] = set()
        for name, _ in node.value:
            if name.tag == TAG + "merge" or name.value == "<<":
                raise _refusal("'<<' merges mappings, which hides what is given; write every name out", name)
            if not isinstance(name, yaml.ScalarNode):
                raise _refusal("a list or mapping is no name; valid: a text", name)
            if name.tag != TAG + "str":
                raise _refusal(f"the name {_one_line(name.value)} is not a text; quote it", name)
            if name.value in names:
                raise _refusal(f"{name.value!r} is given twice", name)
            names.add(name.value)
        return super().construct_mapping(node, deep=deep)


for _kind, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
):
    _Loader.add_implicit_resolver(TAG + _kind, re.compile(rf"(?:{_pattern})\Z"), list(_first))
