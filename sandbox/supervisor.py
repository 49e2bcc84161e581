"""Run commands on the far side of one connection; the first process of a sandbox.

A program of its own, standard library only, handed to `python3 -c` as text: it is
PID 1 of a container or of a namespace, or a plain child. Requests come in on standard
input, replies leave on standard output, both as frames with a length in front, so no
output can pass for a reply. It keeps no state that a command could change.

The rule for processes: a command ends when its `bash` does, and everything it left
behind is killed then. As PID 1 that is every other process there is; as a plain child
it is every descendant, found again as orphans come back to it.
"""

# The import of anything large would be paid by every sandbox.
import ctypes
import errno
import os
import select
import stat
import struct
import sys
import time

RUN, READ, WRITE = 1, 2, 3
OK, NOT_FOUND, REFUSED = 0, 1, 2
TIMEOUT_CODE = 124

_SET_DUMPABLE, _SET_CHILD_SUBREAPER = 4, 36
_KILL, _INTERRUPT, _TERMINATE, _PIPE = 9, 2, 15, 13
_CHUNK = 1 << 18
_NAP_S = 0.005
_PAUSE_S = 0.0005

# What the host sends and gets; `frames` packs and unpacks the same.
RUN_REQUEST = struct.Struct("!dQ")
RUN_REPLY = struct.Struct("!BBQdQ")
LENGTH = struct.Struct("!Q")


class Tail:
    """The head and the tail of a stream that may be endless."""

    def __init__(self, limit: int) -> None:
        self.head = bytearray()
        self.tail = bytearray()
        self.head_limit = (limit + 1) // 2
        self.tail_limit = limit // 2
        self.omitted = 0

    def add(self, chunk: bytes) -> None:
        """Take the next piece, and forget from the middle what is too much."""
        room = self.head_limit - len(self.head)
        if room > 0:
            self.head += chunk[:room]
            chunk = chunk[room:]
        self.tail += chunk
        if len(self.tail) > 2 * self.tail_limit + _CHUNK:
            self.trim()

    def trim(self) -> None:
        """Drop what is no longer within the tail's limit."""
        surplus = len(self.tail) - self.tail_limit
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


def write_all(descriptor: int, *parts: bytes) -> None:
    """Write everything, however little is taken at a time."""
    for part in parts:
        view = memoryview(part)
        while view:
            view = view[os.write(descriptor, view) :]


class Supervisor:
    """Serve requests until the connection ends."""

    def __init__(self, root: bytes) -> None:
        self.root = root
        self.is_first = os.getpid() == 1
        self.incoming = os.dup(0)
        self.outgoing = os.dup(1)
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.close(null)

    def serve(self) -> None:
        """Say that it is there, then answer one request after the other."""
        self.reply(struct.pack("!B", OK))
        while True:
            header = read_exactly(self.incoming, LENGTH.size)
            if len(header) < LENGTH.size:
                return
            (size,) = LENGTH.unpack(header)
            request = read_exactly(self.incoming, size)
            if len(request) < size:
                return
            self.answer(request[0], memoryview(request)[1:])

    def reply(self, *parts: bytes) -> None:
        """Send one frame."""
        write_all(self.outgoing, LENGTH.pack(sum(map(len, parts))), *parts)

    def answer(self, kind: int, body: memoryview) -> None:
        """Do what a request asks, and send what came of it."""
        if kind == RUN:
            timeout_s, limit = RUN_REQUEST.unpack_from(body)
            self.reply(*self.run(bytes(body[RUN_REQUEST.size :]), timeout_s, limit))
            return
        try:
            if kind == READ:
                self.reply(b"\0", self.read(bytes(body)))
            else:
                (size,) = LENGTH.unpack_from(body)
                name = bytes(body[LENGTH.size : LENGTH.size + size])
                self.write(name, body[LENGTH.size + size :])
                self.reply(b"\0")
        except FileNotFoundError as error:
            self.reply(bytes([NOT_FOUND]), str(error.strerror or error).encode())
        except (OSError, ValueError) as error:
            self.reply(bytes([REFUSED]), str(error).encode(errors="replace"))

    # Commands

    def run(self, command: bytes, timeout_s: float, limit: int) -> tuple[bytes, ...]:
        """Run one command to its end, or to the end of its time."""
        started = time.monotonic()
        self.enter_root()
        (out_read, out_write), (err_read, err_write) = os.pipe(), os.pipe()
        try:
            process = self.spawn(command, out_write, err_write)
        except OSError as error:
            text = b"sandbox: " + str(error).encode() + b"\n"
            os.close(out_read)
            os.close(err_read)
            return RUN_REPLY.pack(126, 0, 0, 0.0, 0), text
        finally:
            os.close(out_write)
            os.close(err_write)
        tails = {out_read: Tail(limit), err_read: Tail(limit)}
        is_late = not self.watch(process, tails, started + timeout_s)
        status = self.end_everything(process)
        for descriptor, tail in tails.items():
            while drain(descriptor, tail, is_last=True):
                pass
        code = TIMEOUT_CODE if is_late else exit_code(status)
        out, err = tails[out_read], tails[err_read]
        omitted = self.share(out, err, limit)
        os.close(out_read)
        os.close(err_read)
        taken_s = time.monotonic() - started
        size = len(out.head) + len(out.tail)
        return (
            RUN_REPLY.pack(code, is_late, omitted, taken_s, size),
            bytes(out.head),
            bytes(out.tail),
            bytes(err.head),
            bytes(err.tail),
        )

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
        arguments = [b"bash", b"--norc", b"--noprofile", b"-c", command]
        return os.posix_spawnp(
            "bash",
            arguments,
            os.environ,
            file_actions=actions,
            setsid=True,
            setsigdef=[_INTERRUPT, _TERMINATE, _PIPE],
        )

    def watch(self, process: int, tails: "dict[int, Tail]", deadline: float) -> bool:
        """Collect output until the process is over; False where its time ran out."""
        poll = select.poll()
        for descriptor in tails:
            os.set_blocking(descriptor, False)
            poll.register(descriptor, select.POLLIN)
        ended = watch_end(process, poll)
        try:
            while not has_ended(process):
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    return False
                wait_s = left_s if ended is not None else min(left_s, _NAP_S)
                for descriptor, _ in poll.poll(max(1, int(wait_s * 1000))):
                    tail = tails.get(descriptor)
                    if tail is not None and not drain(descriptor, tail):
                        poll.unregister(descriptor)
            return True
        finally:
            if ended is not None:
                os.close(ended)

    def share(self, out: Tail, err: Tail, limit: int) -> int:
        """Cut both streams so that together they keep to the limit."""
        for tail in (out, err):
            tail.trim()
        sizes = [len(tail.head) + len(tail.tail) for tail in (out, err)]
        surplus = sum(sizes) - limit
        if surplus > 0:
            # The smaller one keeps up to a half; the larger one gives the rest.
            smaller, larger = (err, out) if sizes[1] <= sizes[0] else (out, err)
            kept = min(*sizes, limit // 2)
            shorten(smaller, kept)
            shorten(larger, limit - kept)
        return out.omitted + err.omitted

    # Processes

    def end_everything(self, process: int) -> int:
        """Kill and reap all that a command started; returns its own wait status.

        The command itself is reaped here and not before, so that until then no other
        group of processes can have its number.
        """
        status = None
        while True:
            if status is None:
                kill(process, is_group=True)
            if self.is_first:
                kill(-1)
            else:
                for child in children_of(os.getpid()):
                    kill_tree(child)
            try:
                found, reached = os.waitpid(-1, os.WNOHANG)
                while found:
                    status = reached if found == process else status
                    found, reached = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return _KILL if status is None else status
            time.sleep(_PAUSE_S)

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

    def write(self, name: bytes, content: memoryview) -> None:
        """Put a file into the tree, its mode kept where there is one already."""
        path = self.inside(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(path, flags, 0o644)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "not a regular file")
            while content:
                content = content[os.write(descriptor, content) :]
        finally:
            os.close(descriptor)


def drain(descriptor: int, tail: Tail, *, is_last: bool = False) -> bool:
    """Take what a pipe holds now; False at its end."""
    try:
        chunk = os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return not is_last
    tail.add(chunk)
    return bool(chunk)


def shorten(tail: Tail, limit: int) -> None:
    """Cut a stream's middle until it keeps to a limit."""
    surplus = max(0, len(tail.head) + len(tail.tail) - limit)
    kept_head = min(len(tail.head), (limit + 1) // 2)
    from_head = min(surplus, len(tail.head) - kept_head)
    del tail.head[len(tail.head) - from_head :]
    del tail.tail[: surplus - from_head]
    tail.omitted += surplus


def exit_code(status: int) -> int:
    """The code a shell would show for a wait status."""
    if os.WIFSIGNALED(status):
        return 128 + os.WTERMSIG(status)
    return os.WEXITSTATUS(status)


def watch_end(process: int, poll: "select.poll") -> "int | None":
    """A descriptor that turns readable at the process's end, where there is one."""
    try:
        ended = os.pidfd_open(process)
    except (OSError, AttributeError):
        return None
    poll.register(ended, select.POLLIN)
    return ended


def has_ended(process: int) -> bool:
    """Whether a child is over; it is not reaped yet."""
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process, flags) is not None


def kill(process: int, *, is_group: bool = False) -> None:
    """Kill a process or its group, if there still is one."""
    try:
        if is_group:
            os.killpg(process, _KILL)
        else:
            os.kill(process, _KILL)
    except (ProcessLookupError, PermissionError):
        return


def kill_tree(process: int) -> None:
    """Kill what a process started, then itself."""
    for child in children_of(process):
        kill_tree(child)
    kill(process)


def children_of(process: int) -> list[int]:
    """Ids of the processes that a process started."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{task}/children", "rb") as file:
                found.extend(map(int, file.read().split()))
    except (OSError, ValueError):
        return found
    return found


def protect() -> None:
    """Keep other processes of this user out of this one, and adopt orphans."""
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
    library.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def main() -> None:
    """Serve the tree whose root is the first argument."""
    protect()
    Supervisor(os.fsencode(sys.argv[1])).serve()


if __name__ == "__main__":
    main()
