from pathlib import Path

import pytest
from tiny_project import notebook

from ntp_lib.companion.reproduction.errors import ReproductionError, RequestError
from ntp_lib.companion.reproduction.parameters import Value, digest_of, notebook_parameters, parse_overrides

CELL = """
steps: int = 100  # how many
step_size: float = 1  # η = this
method: str = "gd"
plain: bool = False
seeds: list[int] = [0, 1]
radii: list[float] = [
    0.1,
    1.0,
]  # several lines
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "experiment.ipynb"
    path.write_text(notebook(CELL, "1", parameters=True))
    return path


def test_names_types_defaults_and_help(source: Path) -> None:
    parameters = notebook_parameters(source)
    assert list(parameters) == ["steps", "step_size", "method", "plain", "seeds", "radii"]
    assert str(parameters["step_size"]) == "step_size: float = 1.0"
    assert parameters["step_size"].help == "η = this"
    assert parameters["radii"].default == [0.1, 1.0]
    assert parameters["radii"].help == "several lines"


def test_notebook_without_parameters(tmp_path: Path) -> None:
    path = tmp_path / "bare.ipynb"
    path.write_text(notebook("x = 1"))
    assert notebook_parameters(path) == {}
    with pytest.raises(RequestError, match="Parameters of bare: none"):
        parse_overrides(path, ["x=2"])


@pytest.mark.parametrize(
    "assignments",
    [
        ["steps=100", "step_size=1", "method=gd", "plain=false", "seeds=[0,1]", "radii=[1e-1, 1]"],
        ["step_size=1.0"],
        ["step_size=1e0"],
    ],
)
def test_a_default_given_again_is_no_other_parameter(source: Path, assignments: list[str]) -> None:
    assert parse_overrides(source, assignments) == {}


def test_runs_are_named_by_values_not_by_spelling_or_order(source: Path) -> None:
    names = {
        digest_of(parse_overrides(source, assignments))
        for assignments in (
            ["steps=7", "step_size=2"],
            ["step_size=2.0", "steps=7"],
            ["step_size=2e0", "steps=7", "method=gd"],
        )
    }
    assert len(names) == 1
    others = [["steps=7"], ["step_size=2"], ["step_size=-0.0"], ["step_size=0"], ["seeds=[1, 0]"], ["seeds=[]"]]
    assert len({digest_of(parse_overrides(source, other)) for other in others} | names) == len(others) + 1


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("steps=7", 7),
        ("step_size=1e-3", 1e-3),
        ("step_size=2", 2.0),
        ("method=a=b", "a=b"),
        ("method=true", "true"),
        ("plain=True", True),
        ("seeds=[3, 4]", [3, 4]),
        ("seeds=[]", []),
        ("radii=[1e-3, 2]", [1e-3, 2.0]),
    ],
)
def test_values_take_the_declared_type(source: Path, assignment: str, value: Value) -> None:
    name = assignment.partition("=")[0]
    result = parse_overrides(source, [assignment])[name]
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("stepsize=1", "no parameter 'stepsize'. Did you mean 'step_size'?"),
        ("zzz=1", "no parameter 'zzz'."),
        ("steps", "'steps' is not of the form name=value"),
        ("steps=1.5", "steps: '1.5' is not of type int"),
        ("steps=true", "steps: 'true' is not of type int"),
        ("step_size=fast", "step_size: 'fast' is not of type float"),
        ("step_size=nan", "step_size: 'nan' is not a finite number"),
        ("plain=1", "plain: '1' is not a bool: true or false"),
        ("seeds=3", "seeds: '3' is not a list[int], such as [3]"),
        ("seeds=[1, 2.5]", "seeds: element 2 is 2.5, not of type int"),
        ("seeds=[1", "seeds: '[1' is not a list[int]"),
        ("radii=[true]", "radii: element 1 is True, not of type float"),
        ("radii=['1e-3']", "radii: element 1 is '1e-3', not of type float"),
        ("radii=[.inf]", "radii: 'inf' is not a finite number"),
        ("radii=[1e400]", "radii: 'inf' is not a finite number"),
        ("radii=[" + "9" * 400 + "]", "is not a finite number"),
        ("seeds=[2001-99-99]", "seeds: element 1 is '2001-99-99', not of type int"),
        ("seeds=[1:30]", "seeds: element 1 is '1:30', not of type int"),
        ("seeds=[yes]", "seeds: element 1 is 'yes', not of type int"),
        ("seeds=[" + "9" * 5000 + "]", "is not a list[int], such as [3] (Exceeds the limit"),
        (
            "seeds=" + "[" * 2000 + "]" * 2000,
            "is not a list[int], such as [3] (line 1: nested more than 20 levels",
        ),
        ("seeds=" + "[" * 100_000, "is not a list[int], such as [3] (line 1: nested more than 20 levels"),
        (
            "seeds=&a [*a]",
            "is not a list[int], such as [3] (line 1: the alias *a stands for something that holds it",
        ),
        ("seeds=[0, \udcff]", "is not a list[int], such as [3]"),
        ("method=\udcff", "method: '\\udcff' is not UTF-8"),
        ("steps=" + "9" * 5000, "99… is not of type int"),
    ],
)
def test_refusals_list_what_is_valid(source: Path, assignment: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_overrides(source, [assignment])
    assert message in str(caught.value)
    assert "step_size: float = 1.0  # η = this" in str(caught.value)
    assert "Nothing was executed." in str(caught.value)
    assert max(map(len, str(caught.value).splitlines())) < 400


def test_parameter_given_twice(source: Path) -> None:
    with pytest.raises(RequestError, match="'steps' is given twice"):
        parse_overrides(source, ["steps=1", "steps=2"])


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("x = 1", "line 1: valid: name: type = literal"),
        ("x: complex = 1", "x has type 'complex'; valid: int, float, str, bool, list[int]"),
        ("x: int = 1.5", "the default of x is not a literal of type int"),
        ("x: int = f()", "the default of x is not a literal of type int"),
        ("x: list[int] = 3", "the default of x is not a literal of type list[int]"),
        ("x: int =", "parameters cell, line 1"),
    ],
)
def test_untyped_parameters_cell(tmp_path: Path, cell: str, message: str) -> None:
    path = tmp_path / "wrong.ipynb"
    path.write_text(notebook(cell, parameters=True))
    with pytest.raises(ReproductionError) as caught:
        notebook_parameters(path)
    assert message in str(caught.value)
