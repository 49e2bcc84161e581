"""What an experiment is: its settings, from a YAML file, options, or both."""

import json
from collections.abc import Hashable, Mapping, Sequence
from difflib import get_close_matches
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from agent.limits import Limits
from agent.sleep_phase import STEP_CAP
from agent.tools.memory import TOKEN_BUDGET
from swe_features.errors import ConfigError
from tasks.obtaining import is_url

__all__ = ["SEEDS", "ExperimentConfig", "LimitsConfig", "find_config", "load_config"]

SEEDS = 1000
"""Most seeds that a cell may have."""

_MOST_STEPS = 10_000
"""Of one phase; more is a slip of the keyboard."""

_MOST_TOKENS = 1_000_000
"""Of a learned context, which every request of every rollout reads again."""

_PATHS = ("suite", "record", "replay")

_PLAIN = {
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "tuple_type": "write a list, in brackets",
}
"""What to do about an error of a setting, by its name at pydantic."""


_NO_YAML = (yaml.YAMLError, ValueError, LookupError, AttributeError)
"""What PyYAML raises; those not its own for values such as 2020-13-45 or `!!bool 3`."""


class LimitsConfig(BaseModel):
    """Safety stops of a phase, beside its budget; what stands then is scored."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    completion_tokens: int | None = Field(default=None, ge=1)
    """Generated, reasoning included."""
    cost_usd: float | None = Field(default=None, gt=0)
    seconds: float | None = Field(default=None, gt=0)
    """Of work; waiting for a provider's rate limits does not count."""
    context_tokens: int | None = Field(default=None, ge=1)
    """Size of the conversation; older observations are dropped before it is reached."""

    def as_limits(self) -> Limits:
        """For the agent."""
        return Limits(**self.model_dump())


class ExperimentConfig(BaseModel):
    """The settings of one experiment; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    name: str = "demo"
    """Names the default output directory: one folder, directly in `runs`."""
    suite: Path | None = None
    """Rows as the SWE-Features dataset has them, JSONL; None is the packaged demo."""
    repositories: Mapping[str, str] = Field(default_factory=dict)
    """Where each repository of the suite is: a path or an address for `owner/name`.

    The key `*` stands for every repository that is not named.
    """
    model: str = "offline"
    """Of the test phase: `offline`, or any name that litellm knows."""
    sleep_model: str | None = None
    """Of the sleep phase; None takes `model`."""
    model_options: Mapping[str, Any] = Field(default_factory=dict)
    """Options of `model`, as `temperature: 0`. Any: the model checks them."""
    sleep_model_options: Mapping[str, Any] = Field(default_factory=dict)
    """Options of `sleep_model`, where there is one."""
    arms: tuple[str, ...] = (
        "sleep-time",
        "test-time",
        "no-context",
        "bm25",
        "oracle",
    )
    """How each instance is attempted; see `swe_features.arms`."""
    budgets: tuple[Annotated[int, Field(ge=1, le=_MOST_STEPS)], ...] = (2, 4, 8)
    """Steps of the test phase."""
    seeds: int = Field(default=1, ge=1, le=SEEDS)
    """How often each cell is attempted. A model that draws at random draws anew."""
    sleep_steps: int = Field(default=STEP_CAP, ge=1, le=_MOST_STEPS)
    """Steps of the sleep phase for each pull request."""
    learned_context_tokens: int = Field(default=TOKEN_BUDGET, ge=50, le=_MOST_TOKENS)
    """Tokens that a sleep phase may write, at four bytes a token.

    Every request of every rollout reads them again.
    """
    localizer: bool = True
    """Whether a sleep phase leaves an index of the past beside what it wrote.

    Its candidates are then shown with the task, and can be asked for, in the arms that
    sleep. It needs no model, and no tokens but those of its candidates.
    """
    limits: LimitsConfig = LimitsConfig()
    """Of a test phase."""
    sleep_limits: LimitsConfig = LimitsConfig()
    """Of a sleep phase."""
    sandbox: Literal["auto", "docker", "local", "bubblewrap", "subprocess"] = "auto"
    """Where commands run; `auto` is Docker's where a daemon answers."""
    mode: Literal["predict", "edit"] = "predict"
    """Whether the agent names the files to modify, or modifies them."""
    related: Literal["past-only", "any-order"] = "past-only"
    """Which pull requests of a cluster are context.

    Those from before the target, or, as in the paper, all others.
    """
    record: Path | None = None
    """Folder for every request to a model with its reply; None records none."""
    replay: Path | None = None
    """Folder of such a recording that answers instead of the models."""
    skip_invalid: bool = False
    """Whether rows that cannot be used are left out, and counted, or stop the run."""
    workers: int = Field(default=2, ge=1, le=256)
    """Cells attempted at the same time, in threads; Ray takes what its nodes have."""
    executor: Literal["threads", "ray"] = "threads"
    """Where cells are attempted: in this process, or on a Ray cluster."""
    address: str | None = None
    """Of the Ray cluster; None starts one on this machine."""

    @field_validator("name")
    @classmethod
    def _name_is_one_folder(cls, name: str) -> str:
        if not name.strip() or name in {".", ".."} or {*name} & {*"/\\\0"}:
            msg = "it names a folder in runs: write one without slashes, as 'mine'"
            raise ValueError(msg)
        return name

    @field_validator("model_options", "sleep_model_options")
    @classmethod
    def _options_can_be_stored(cls, options: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            json.dumps(dict(options), allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            msg = "values are texts, finite numbers, true, false, or lists of these"
            raise ValueError(msg) from error
        return options

    @field_validator(
        "seeds", "sleep_steps", "learned_context_tokens", "workers", mode="before"
    )
    @classmethod
    def _number_is_no_claim(cls, value: object) -> object:
        # pydantic reads `true` as 1, and nobody means that.
        if isinstance(value, bool):
            msg = "write a whole number"
            raise ValueError(msg)  # noqa: TRY004  # pydantic collects these
        return value

    @field_validator("budgets", mode="before")
    @classmethod
    def _budgets_are_no_claims(cls, value: object) -> object:
        if isinstance(value, list | tuple):
            for each in value:
                cls._number_is_no_claim(each)
        return value

    @field_validator("budgets")
    @classmethod
    def _budgets_are_named_once(cls, budgets: tuple[int, ...]) -> tuple[int, ...]:
        if not budgets:
            msg = "name one or more numbers of steps"
            raise ValueError(msg)
        return tuple(dict.fromkeys(budgets))

    @field_validator("arms")
    @classmethod
    def _arms_are_named_once(cls, arms: tuple[str, ...]) -> tuple[str, ...]:
        if not arms:
            msg = "name at least one arm"
            raise ValueError(msg)
        return tuple(dict.fromkeys(arms))

    def with_options(self, **options: object) -> Self:
        """This configuration with some settings replaced; None leaves one as it is.

        Raises:
            ConfigError: A value makes no sense.
        """
        given = {key: value for key, value in options.items() if value is not None}
        return type(self).checked({**self.model_dump(), **given}, "options")

    def with_whole_paths(self) -> Self:
        """This configuration for a program that works in another folder."""
        repositories = {
            name: str(Path(place).resolve()) if Path(place).exists() else place
            for name, place in self.repositories.items()
        }
        paths = {
            name: place.resolve()
            for name in _PATHS
            if (place := getattr(self, name)) is not None
        }
        return self.with_options(repositories=repositories, **paths)

    @classmethod
    def checked(cls, values: Mapping[str, Any], where: str) -> Self:
        """Make a configuration of plain values. Any: not checked yet.

        Raises:
            ConfigError: A setting is unknown, or has a wrong value.
        """
        _refuse_unknown(values, cls.model_fields, where)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            if first["type"] == "extra_forbidden":
                inner = values[str(first["loc"][0])]
                _refuse_unknown(inner, LimitsConfig.model_fields, where)
            setting = ".".join(str(part) for part in first["loc"])
            problem = _PLAIN.get(first["type"], first["msg"])
            problem = problem.removeprefix("Value error, ")
            shown = f"{first['input']!r}"[:80]
            msg = f"{where}: {setting} cannot be {shown}: {problem}"
            raise ConfigError(msg) from error


def find_config(named: str | None) -> ExperimentConfig:
    """The experiment that a word of the command line names.

    Args:
        named: A path of an experiment file or of rows, or the name of a packaged
            experiment; None is the demo.

    Raises:
        ConfigError: There is no such thing.
    """
    if named is None:
        return ExperimentConfig()
    path = Path(named)
    if path.suffix in {".yaml", ".yml"}:
        return load_config(path)
    if path.suffix in {".jsonl", ".json"}:
        return ExperimentConfig.checked({"name": path.stem, "suite": path}, named)
    packaged = files("swe_features") / "configs" / f"{named}.yaml"
    if packaged.is_file():
        with as_file(packaged) as file:
            return load_config(file)
    msg = (
        f"no experiment {named!r}: give a .yaml file, rows as .jsonl, or one of "
        f"{', '.join(_packaged_names()) or 'none'}"
    )
    raise ConfigError(msg)


def _packaged_names() -> list[str]:
    folder = files("swe_features") / "configs"
    if not folder.is_dir():
        return []
    names = (entry.name for entry in folder.iterdir())
    return sorted(n.removesuffix(".yaml") for n in names if n.endswith(".yaml"))


class _Loader(yaml.SafeLoader):
    """Refuses a key that is written twice, of which YAML would take the last."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002 - the library's own signature
    ) -> dict[Hashable, Any]:
        """A mapping. Any: not checked yet."""
        seen = set()
        keys = (key for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        for key in keys:
            if key.value in seen:
                problem = f"{key.value!r} is written twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def load_config(path: Path | str) -> ExperimentConfig:
    """Read an experiment file.

    Paths in it are relative to its own folder.

    Raises:
        ConfigError: It is missing, is no YAML mapping, or has a wrong setting.
    """
    path = Path(path)
    text = _read_text(path)
    try:
        values = yaml.load(text, _Loader)
    except RecursionError as error:
        msg = f"{path} is no YAML: its brackets are too deep to be read"
        raise ConfigError(msg) from error
    except _NO_YAML as error:
        msg = f"{path} is no YAML: {_in_one_line(error)}"
        raise ConfigError(msg) from error
    if not isinstance(values, dict):
        msg = f"{path} holds no settings: write lines such as 'budgets: [2, 4, 8]'"
        raise ConfigError(msg)
    values.setdefault("name", path.stem)
    config = ExperimentConfig.checked(values, str(path))
    return _beside(config, path.parent)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise ConfigError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path} is no YAML: {_in_one_line(error)}"
        raise ConfigError(msg) from error


def _in_one_line(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return " ".join(str(error).split())


def _beside(config: ExperimentConfig, folder: Path) -> ExperimentConfig:
    paths = {
        name: folder / place
        for name in _PATHS
        if (place := getattr(config, name)) is not None
    }
    sources = {
        name: source if is_url(source) else str(folder / source)
        for name, source in config.repositories.items()
    }
    return config.with_options(repositories=sources, **paths)


def _refuse_unknown(
    values: Mapping[str, object],
    known: Sequence[str] | Mapping[str, object],
    where: str,
) -> None:
    for key in values:
        if key in known:
            continue
        nearest = get_close_matches(str(key), list(known), n=1, cutoff=0)
        msg = f"{where}: unknown setting {key!r}: did you mean {nearest[0]!r}?"
        raise ConfigError(msg)
