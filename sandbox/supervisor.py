"""Run commands on the far side of one connection; the first process of a sandbox.

A program of its own with `processes`, standard library only, handed to `python3 -c` as
text: it is PID 1 of a container or of a namespace, or a plain child. Requests and
replies are frames with a length in front, so no output can pass for a reply. It keeps
no state that a command could change.

The rule for processes: a command ends when its `bash` does, and everything it left
behind is killed then. As PID 1 that is every other process there is; as a plain child
it is every descendant, found again as orphans come back to it.
"""

# The import of anything large, as of `socket`, would be paid by every sandbox.
import _socket
import ctypes
import errno
import fcntl
import os
import resource
import select
import stat
import struct
import sys
import time

from sandbox.processes import (
    end_everything,
    exit_code,
    has_ended,
    open_worth,
    set_worth,
    watch_end,
)

RUN, READ, WRITE, STOP = 1, 2, 3, 4
OK, NOT_FOUND, REFUSED = 0, 1, 2
# Other numbers: a command that cannot be started is refused, and said nothing.
OUT, ERR, END = 3, 4, 5
ENDED, LATE, STOPPED = 0, 1, 2

_SET_DUMPABLE, _SET_CHILD_SUBREAPER, _SET_PIPE_SIZE = 4, 36, 1031
_PIPE_BYTES = 1 << 20
_IGNORED_BY_PYTHON = [2, 13, 25]  # interrupt, broken pipe, file too large
_QUICK_SHELL = "/bin/bash-static"
_CHUNK = 1 << 18
_NAP_S = 0.005

# What goes over the connection; `connection` packs and unpacks the same.
LENGTH = struct.Struct("!Q")
RUN_REQUEST = struct.Struct("!dQ")
RUN_REPLY = struct.Struct("!BBdQQQ")
"""How it ended, wait status as an exit code, seconds; then for the parts of the two
streams that come at the end: bytes left out before each, and the length of the first.
"""


class Stream:
    """One output of a command: its head is sent as it comes, its tail at the end."""

    def __init__(self, kind: int, tail_limit: int) -> None:
        self.kind = kind
        self.tail = bytearray()
        self.tail_limit = tail_limit
        self.omitted = 0

    def keep(self, chunk: bytes) -> None:
        """Take the next piece of the tail, and forget the oldest that is too much."""
        self.tail += chunk
        if len(self.tail) > 2 * self.tail_limit + _CHUNK:
            self.shorten(self.tail_limit)

    def shorten(self, limit: int) -> None:
        """Forget the oldest of the tail until it keeps to a limit."""
        surplus = len(self.tail) - limit
        if surplus > 0:
            del self.tail[:surplus]
            self.omitted += surplus


def read_exactly(descriptor: int, size: int) -> bytes:
    """Read so many bytes; fewer only where the other side is gone."""
    parts = []
    while size > 0:
        part = os.read(descriptor, min(size, 1 << 20))
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def write_all(descriptor: int, content: "bytes | bytearray | memoryview") -> None:
    """Write everything, however little is taken at a time."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


class Supervisor:
    """Serve requests until the connection ends."""

    def __init__(self, root: bytes, streams: "tuple[int, int]") -> None:
        self.root = root
        self.is_first = os.getpid() == 1
        self.incoming, self.outgoing = streams
        self.waiting = bytearray()
        self.worth = open_worth()
        self.shell = find_shell()
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.close(null)

    def serve(self) -> None:
        """Say that it is there, then answer one request after the other."""
        self.reply(OK)
        while True:
            self.flush()
            kind, body = self.receive()
            if kind is None:
                return
            self.answer(kind, body)

    def receive(self) -> "tuple[int | None, bytes]":
        """The next request; None where the connection ended."""
        header = read_exactly(self.incoming, LENGTH.size)
        if len(header) < LENGTH.size:
            return None, b""
        (size,) = LENGTH.unpack(header)
        request = read_exactly(self.incoming, size)
        if len(request) < size:
            return None, b""
        return request[0], request[1:]

    def reply(self, kind: int, *parts: "bytes | bytearray") -> None:
        """Add one frame to what is sent next."""
        self.waiting += LENGTH.pack(1 + sum(map(len, parts)))
        self.waiting.append(kind)
        for part in parts:
            self.waiting += part
        if len(self.waiting) > _CHUNK // 2:
            self.flush()

    def flush(self) -> None:
        """Send all that waits."""
        write_all(self.outgoing, self.waiting)
        self.waiting.clear()

    def answer(self, kind: int, body: bytes) -> None:
        """Do what a request asks, and send what came of it."""
        try:
            if kind == RUN:
                timeout_s, limit = RUN_REQUEST.unpack_from(body)
                self.run(body[RUN_REQUEST.size :], timeout_s, limit)
            elif kind == READ:
                self.reply(OK, self.read(body))
            elif kind == WRITE:
                (size,) = LENGTH.unpack_from(body)
                name = body[LENGTH.size : LENGTH.size + size]
                self.write(name, body[LENGTH.size + size :])
                self.reply(OK)
        except FileNotFoundError as error:
            self.reply(NOT_FOUND, str(error.strerror or error).encode())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.reply(REFUSED, reason.encode(errors="replace"))

    # Commands

    def run(self, command: bytes, timeout_s: float, limit: int) -> None:
        """Run one command to its end, or to the end of its time."""
        started = time.monotonic()
        self.enter_root()
        (out, out_end), (err, err_end) = wide_pipe(), wide_pipe()
        try:
            process = self.spawn(command, out_end, err_end)
        except OSError:
            os.close(out)
            os.close(err)
            raise
        finally:
            os.close(out_end)
            os.close(err_end)
        streams = {out: Stream(OUT, limit // 2), err: Stream(ERR, limit // 2)}
        self.head_room = limit - limit // 2
        how = self.watch(process, streams, started + timeout_s)
        status = end_everything(process, is_first=self.is_first)
        for descriptor, stream in streams.items():
            while self.drain(descriptor, stream, is_last=True):
                pass
            os.close(descriptor)
        taken_s = time.monotonic() - started
        self.finish(streams[out], streams[err], how, exit_code(status), taken_s)

    def finish(
        self, out: Stream, err: Stream, how: int, code: int, taken_s: float
    ) -> None:
        """Send the tails, cut so that together they keep to the limit."""
        room = out.tail_limit + self.head_room
        smaller, larger = sorted((out, err), key=lambda stream: len(stream.tail))
        smaller.shorten(room // 2)
        larger.shorten(room - len(smaller.tail))
        facts = (how, code, taken_s, out.omitted, err.omitted, len(out.tail))
        self.reply(END, RUN_REPLY.pack(*facts), out.tail, err.tail)

    def enter_root(self) -> None:
        """Stand in the root of the tree, even where a command removed it."""
        try:
            os.chdir(self.root)
        except FileNotFoundError:
            os.makedirs(self.root)
            os.chdir(self.root)

    def spawn(self, command: bytes, out: int, err: int) -> int:
        """Start `bash -c` in a session of its own, with nothing on standard input."""
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, out, 1),
            (os.POSIX_SPAWN_DUP2, err, 2),
        ]
        # What runs is given up before this process is, when memory runs out.
        set_worth(self.worth, b"500")
        try:
            return os.posix_spawnp(
                self.shell,
                [b"bash", b"--norc", b"--noprofile", b"-c", command],
                os.environ,
                file_actions=actions,
                setsid=True,
                setsigdef=_IGNORED_BY_PYTHON,
            )
        finally:
            set_worth(self.worth, b"0")

    def watch(self, process: int, streams: "dict[int, Stream]", deadline: float) -> int:
        """Pass output on until the process is over, or must be; says which."""
        poll = select.poll()
        for descriptor in streams:
            os.set_blocking(descriptor, False)
            poll.register(descriptor, select.POLLIN)
        poll.register(self.incoming, select.POLLIN)
        ended = watch_end(process, poll)
        try:
            while not has_ended(process):
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    return LATE
                wait_s = left_s if ended is not None else min(left_s, _NAP_S)
                for descriptor, _ in poll.poll(max(1, int(wait_s * 1000))):
                    if descriptor == self.incoming:
                        # Nothing but a wish to stop can come now, or the end.
                        self.receive()
                        return STOPPED
                    stream = streams.get(descriptor)
                    if stream is not None and not self.drain(descriptor, stream):
                        poll.unregister(descriptor)
            return ENDED
        finally:
            if ended is not None:
                os.close(ended)

    def drain(self, descriptor: int, stream: Stream, *, is_last: bool = False) -> bool:
        """Take what a pipe holds now; False at its end."""
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return not is_last
        room = 0 if stream.tail or stream.omitted else self.head_room
        if room and chunk:
            head = chunk[:room]
            self.head_room -= len(head)
            self.reply(stream.kind, head)
        stream.keep(chunk[room:])
        return bool(chunk)

    # Files

    def inside(self, name: bytes) -> bytes:
        """The real path of a name in the tree.

        Raises:
            ValueError: It leads out of the tree.
        """
        root = os.path.realpath(self.root)
        path = os.path.realpath(os.path.join(root, name))
        if b"\0" in name or not path.startswith(root + b"/"):
            text = name.decode(errors="replace")
            raise ValueError("path leads out of the tree: " + text)
        return path

    def read(self, name: bytes) -> bytes:
        """Content of a regular file of the tree."""
        try:
            path = self.inside(name)
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        except ValueError as error:
            raise FileNotFoundError(errno.ENOENT, str(error)) from error
        except NotADirectoryError as error:
            raise FileNotFoundError(errno.ENOENT, str(error)) from error
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise FileNotFoundError(errno.ENOENT, "not a regular file")
            return file.read()

    def write(self, name: bytes, content: bytes) -> None:
        """Put a file into the tree, its mode kept where there is one already."""
        path = self.inside(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(path, flags, 0o644)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "not a regular file")
            write_all(descriptor, content)
        finally:
            os.close(descriptor)


def protect() -> None:
    """Keep other processes of this user out of this one, and adopt orphans."""
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
    library.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wide_pipe() -> "tuple[int, int]":
    """A pipe that takes a lot, so that a command seldom waits for this process."""
    reading, writing = os.pipe()
    try:
        fcntl.fcntl(writing, _SET_PIPE_SIZE, _PIPE_BYTES)
    except OSError:
        # A user has only so much of it; the usual size will do.
        return reading, writing
    return reading, writing


def find_shell() -> str:
    """A bash that loads no libraries, so starts sooner, where there is one."""
    return _QUICK_SHELL if os.path.exists(_QUICK_SHELL) else "bash"


def limit_resources(limits: "dict[str, str]") -> None:
    """Set limits such as FSIZE to a number, for good."""
    for name, value in limits.items():
        number = getattr(resource, "RLIMIT_" + name)
        resource.setrlimit(number, (int(value), int(value)))


def find_host(address: "str | None") -> "tuple[int, int]":
    """Descriptors to read from and write to: a socket of the host's, or the streams."""
    if address is not None:
        stream = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            stream.connect(address)
        except OSError:
            stream.close()
        else:
            descriptor = stream.detach()
            os.set_blocking(descriptor, True)
            return descriptor, descriptor
    return os.dup(0), os.dup(1)


def main() -> None:
    """Serve the tree whose root is the first argument, with the settings after it."""
    settings = dict(word.split("=", 1) for word in sys.argv[2:])
    streams = find_host(settings.pop("MEET", None))
    supervisor = Supervisor(os.fsencode(sys.argv[1]), streams)
    protect()
    limit_resources(settings)
    supervisor.serve()
