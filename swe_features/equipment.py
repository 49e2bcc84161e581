"""What an experiment works with: the models, and the driver that makes sandboxes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Self

from agent.model import Model
from agent.models.loading import OFFLINE, check_access, load_model
from sandbox.contract import Driver
from swe_features.arms import choose_arms
from swe_features.experiment import ExperimentConfig

__all__ = ["Equipment", "equip", "offline_note"]

OFFLINE_NOTE = (
    "The offline model is no language model: it ranks files by their words and by what "
    "the related pull requests changed. Its figures say nothing of a language model's."
)

_MOST_WARM = 4


@dataclass(frozen=True, slots=True)
class Equipment:
    """Models and driver of one run; close it to remove what it made."""

    models: Callable[[int], Model]
    """The model of the test phase, for a seed."""
    sleep_models: Callable[[int], Model]
    """The model of the sleep phase, for a seed."""
    driver: Driver

    def driver_record(self) -> dict[str, Any]:
        """What the manifest says of the driver, as JSON values."""
        # Of Docker's alone: which image the sandboxes were made of.
        image = getattr(self.driver, "image_digest", None)
        return {"isolation": self.driver.isolation, "image": image}

    def close(self) -> None:
        """Remove every sandbox that is left."""
        self.driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def equip(config: ExperimentConfig, *, run_id: str) -> Equipment:
    """Set up the models and the driver of an experiment.

    Args:
        config: Which; only the models that its arms ask have to be within reach.
        run_id: Marks what the driver leaves on the machine, so that it can be found.

    Raises:
        ModelSetupError: A model cannot be set up.
        DriverUnavailableError: The sandbox asked for does not work here.
    """
    models = _by_seed(config, config.model, config.model_options)
    sleep_models = models
    if config.sleep_model is not None:
        sleep_models = _by_seed(config, config.sleep_model, config.sleep_model_options)
    if config.replay is None:
        _check_access(config)
    # Imported here: it brings Docker's library, which only a run needs.
    from sandbox.opening import open_driver  # noqa: PLC0415

    # Last: nothing above leaves anything behind when it fails.
    warm = min(config.workers, _MOST_WARM)
    driver = open_driver(config.sandbox, run_id=run_id, warm=warm)
    return Equipment(models, sleep_models, driver)


def _by_seed(
    config: ExperimentConfig, name: str, options: Mapping[str, Any]
) -> Callable[[int], Model]:
    load = partial(load_model, name, record=config.record, replay=config.replay)
    if name == OFFLINE and "seed" not in options:
        # It breaks ties by its seed. A language model draws anew each time instead.
        load(**options)
        return cache(lambda seed: load(seed=seed, **options))
    model = load(**options)
    return lambda seed: model


def _check_access(config: ExperimentConfig) -> None:
    """Refuse a model that an arm would ask through us, and could not."""
    arms = choose_arms(config.arms)
    is_asked = any(arm.asks_model and not arm.has_own_access for arm in arms)
    sleeps = any(arm.sleeps for arm in arms)
    if is_asked or (sleeps and config.sleep_model is None):
        check_access(config.model, **config.model_options)
    if sleeps and config.sleep_model is not None:
        check_access(config.sleep_model, **config.sleep_model_options)


def offline_note(models: Iterable[str | None]) -> str | None:
    """What must stand beside figures where one of the models is the offline one."""
    return OFFLINE_NOTE if OFFLINE in models else None
