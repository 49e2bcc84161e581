"""The one image of every container: git, ripgrep, bash, Python and pytest, no more.

It is built when it is first needed: from a Dockerfile where a registry answers, else by
unpacking the distribution's own packages, which `debootstrap` fetches and checks. No
repository is in it, and nothing of this project. Its tag names its recipe, so a changed
recipe is another image.
"""

import fcntl
import hashlib
import io
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
from docker.errors import APIError, BuildError, DockerException

from sandbox.errors import DriverUnavailableError

__all__ = ["IMAGE", "ensure_image", "find_image", "image_cache", "remove_image"]

_SUITE = "bookworm"
_PACKAGES = (
    *("bash-static", "git", "ripgrep", "python3", "python3-pytest"),
    *("procps", "patch", "less"),
)
_LEFT_OUT = ("doc", "man", "info", "locale", "i18n", "zoneinfo", "lintian", "perl5")
_DOCKERFILE = f"""\
FROM debian:{_SUITE}-slim
RUN apt-get update \\
 && apt-get install -y --no-install-recommends {" ".join(_PACKAGES)} \\
 && rm -rf /var/lib/apt/lists/* \\
 && ln -s python3 /usr/bin/python
"""
_ACCOUNTS = {
    "passwd": "root:x:0:0:root:/root:/bin/bash\n"
    "developer:x:61000:61000::/home/developer:/bin/bash\n"
    "nobody:x:65534:65534::/nonexistent:/bin/false\n",
    "group": "root:x:0:\ndeveloper:x:61000:\nnogroup:x:65534:\n",
}
_LINKS = {"usr/bin/awk": "mawk", "usr/bin/python": "python3"}
_RECIPE = repr((1, _DOCKERFILE, _LEFT_OUT, _ACCOUNTS, _LINKS))
_BUILD_S = 900
_DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{64}")

IMAGE = "swe-features-sandbox:" + hashlib.sha256(_RECIPE.encode()).hexdigest()[:12]
"""Name and tag; the tag is the digest of the recipe."""

Progress = Callable[[str], None]


def image_cache() -> Path:
    """Where an unpacked image is kept, so that another daemon gets it quickly."""
    chosen = os.environ.get("SWE_FEATURES_CACHE")
    if chosen:
        return Path(chosen) / "image"
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "swe-features" / "image"


def ensure_image(client: docker.APIClient, on_progress: Progress) -> str:
    """Find the image, or build it.

    Returns:
        The image's digest.

    Raises:
        DriverUnavailableError: It is not there and cannot be built here.
    """
    found = find_image(client)
    if found is None:
        with _locked(image_cache()):
            found = find_image(client) or _build(client, on_progress)
    return found


def find_image(client: docker.APIClient) -> str | None:
    """The image's digest; None where the daemon does not have it."""
    for found in client.images():
        for tag in found.get("RepoTags") or ():
            # Podman puts the name of a registry before it.
            if tag == IMAGE or str(tag).endswith(f"/{IMAGE}"):
                return str(found["Id"])
    return None


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(client: docker.APIClient, on_progress: Progress) -> str:
    stored = image_cache() / f"{IMAGE.rpartition(':')[2]}.tar"
    if not stored.exists():
        on_progress(f"building {IMAGE}, once for this machine")
        try:
            return _build_from_registry(client, on_progress)
        except (BuildError, APIError, DockerException) as error:
            on_progress(f"no registry answers ({_short(error)}): using debootstrap")
        _bootstrap(stored, on_progress)
    on_progress("importing the image")
    repository, _, tag = IMAGE.rpartition(":")
    try:
        said = str(client.import_image_from_file(str(stored), repository, tag))
        made = _DIGEST.findall(said)
        if made:
            client.tag(made[-1], repository, tag)  # Podman's import leaves it nameless
    except (DockerException, OSError) as error:
        message = f"the daemon does not take {IMAGE}: {_short(error)}"
        raise DriverUnavailableError(message) from error
    found = find_image(client)
    if found is None:
        message = f"the daemon did not keep {IMAGE}: see its log"
        raise DriverUnavailableError(message)
    return found


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[-120:]


def _build_from_registry(client: docker.APIClient, on_progress: Progress) -> str:
    steps = client.build(
        fileobj=io.BytesIO(_DOCKERFILE.encode()), tag=IMAGE, rm=True, decode=True
    )
    for step in steps:
        if "error" in step:
            raise BuildError(step["error"], iter(()))
        text = str(step.get("stream", "")).strip()
        if text.startswith("Step "):
            on_progress(text)
    found = find_image(client)
    if found is None:
        message = "the build left no image"
        raise BuildError(message, iter(()))
    return found


def _bootstrap(target: Path, on_progress: Progress) -> None:
    for program in ("debootstrap", "dpkg-deb", "tar"):
        if shutil.which(program) is None:
            message = (
                f"cannot build {IMAGE}: no registry answers and there is no {program}: "
                "install it, connect to a registry, or choose the local driver"
            )
            raise DriverUnavailableError(message)
    with tempfile.TemporaryDirectory(prefix="swe-features-image-") as folder:
        root = Path(folder) / "root"
        packages = _download(Path(folder) / "download", on_progress)
        _unpack(packages, root, on_progress)
        draft = target.with_suffix(".part")
        owner = ("--owner=0", "--group=0", "--numeric-owner")
        _call(["tar", "-C", str(root), *owner, "-cf", str(draft), "."])
        draft.replace(target)


def _download(folder: Path, on_progress: Progress) -> list[Path]:
    on_progress("fetching packages (about 20 seconds)")
    included = ",".join(_PACKAGES)
    _call(
        [
            *("debootstrap", "--variant=minbase", "--download-only"),
            *(f"--include={included}", _SUITE, str(folder)),
        ]
    )
    return sorted((folder / "var/cache/apt/archives").glob("*.deb"))


def _unpack(packages: list[Path], root: Path, on_progress: Progress) -> None:
    """Lay packages over each other; nothing of them is run, so no rights are needed."""
    on_progress(f"unpacking {len(packages)} packages (about 10 seconds)")
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    left_out = [f"--exclude=./usr/share/{name}" for name in _LEFT_OUT]
    options = ["--keep-directory-symlink", "--no-same-owner", *left_out]
    for package in packages:
        with subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE
        ) as reading:
            assert reading.stdout is not None
            subprocess.run(
                ["tar", "-x", "-C", str(root), *options],
                stdin=reading.stdout,
                check=True,
            )
    for name, content in _ACCOUNTS.items():
        (root / "etc" / name).write_text(content)
    for name, target in _LINKS.items():
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(target)
    for name in ("repo", "home/developer"):
        (root / name).mkdir(parents=True, exist_ok=True)


def _call(command: list[str]) -> None:
    try:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_BUILD_S,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        lines = error.stdout.decode(errors="replace").strip().splitlines()
        message = f"{command[0]} failed: {lines[-1] if lines else 'no reason given'}"
        raise DriverUnavailableError(message) from error
    except subprocess.TimeoutExpired as error:
        message = f"{command[0]} took more than {_BUILD_S} seconds: try again"
        raise DriverUnavailableError(message) from error


def remove_image(client: docker.APIClient) -> bool:
    """Remove the image; False where there was none."""
    found = find_image(client)
    if found is None:
        return False
    client.remove_image(found, force=True)
    return True
