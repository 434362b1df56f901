# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of files, made before they are changed, and put back later with owner, group and mode.

The copies may hold secrets: they lie in a directory of mode 0700 and have mode 0600 themselves. Nothing here returns a file's
contents, so that none of them comes into a log or a diff.

Runs on the node: standard library and Python 3.6 only.
"""

import errno
import hashlib
import os
import stat
import tempfile

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

FILE, LINK, DIRECTORY, ABSENT = "file", "link", "directory", "absent"


def write_private(path, data):
    """Writes bytes to a file that only its owner may read, whole or not at all, and on disk when it returns."""
    directory = os.path.dirname(path)
    make_private_directory(directory)
    descriptor, temporary = tempfile.mkstemp(dir=directory, prefix=".tmp-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    # Without this a crash may bring the old name back.
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_private_directory(path):
    """Makes a directory, and those above it that are missing, for its owner only."""
    if os.path.isdir(path):
        return
    make_private_directory(os.path.dirname(path))
    os.mkdir(path, 0o700)


def state_of(path):
    """Returns what stands at a path: dict with kind and, for what exists, uid, gid, mode (octal, str), target or sha256."""
    try:
        status = os.lstat(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return {"kind": ABSENT}
        raise
    found = {"uid": status.st_uid, "gid": status.st_gid}
    if stat.S_ISLNK(status.st_mode):
        return dict(found, kind=LINK, target=os.readlink(path))
    found["mode"] = "{0:04o}".format(stat.S_IMODE(status.st_mode))
    if stat.S_ISDIR(status.st_mode):
        return dict(found, kind=DIRECTORY)
    if not stat.S_ISREG(status.st_mode):
        raise MigrationError("{0} is neither a file nor a directory nor a link, so no copy of it can be kept.".format(path))
    return dict(found, kind=FILE, sha256=hashlib.sha256(_read(path)).hexdigest())


def below(tree):
    """Returns all paths in a directory, the directory itself first; empty where there is none."""
    if os.path.islink(tree) or not os.path.isdir(tree):
        return [tree] if os.path.lexists(tree) else []
    found = [tree]
    for directory, directories, files in os.walk(tree):
        directories.sort()
        links = [name for name in directories if os.path.islink(os.path.join(directory, name))]
        found += [os.path.join(directory, name) for name in sorted(files + directories)]
        directories[:] = [name for name in directories if name not in links]
    return found


def remember(paths, backup):
    """Makes copies of files and, of directories, of all that is in them.

    :param paths: list of str, absolute paths of files, directories, or of nothing.
    :param backup: str, the directory for the copies.
    :returns: tuple of files (dict of path -> state, with C(copy) for a file) and trees (list of the paths that are directories or that
        do not exist, since they may become some).
    """
    files, trees = {}, []
    for path in paths:
        found = below(path)
        if not found or os.path.isdir(path):
            trees.append(path)
        for item in found or [path]:
            state = state_of(item)
            if state["kind"] == FILE:
                state["copy"] = os.path.join(backup, item.lstrip("/"))
                write_private(state["copy"], _read(item))
            files[item] = state
    return files, trees


def fingerprints(before, trees):
    """Returns how the remembered files, and the new ones in the trees, look now: dict of path -> SHA-256, or target of a link."""
    paths = set(before)
    for tree in trees:
        paths.update(below(tree))
    found = {}
    for path in paths:
        state = state_of(path)
        if state["kind"] in (FILE, LINK):
            found[path] = state.get("sha256") or state["target"]
    return found


def differs(before, now):
    """Whether what stands at a path is not what was remembered; a copy's place does not matter."""
    return {key: value for key, value in before.items() if key != "copy"} != now


def decide(path, before, now, after, explicit):
    """Decides what is to be done about one path.

    :param before: dict, the remembered state, or None for a path in a tree that was not there.
    :param now: dict, the state that C(state_of) returned.
    :param after: str or None, the fingerprint that the migration left there.
    :param explicit: bool, whether the path itself was remembered, and not only a tree around it.
    :returns: tuple of the action (V(none), V(restore), V(remove) or V(keep)) and whether somebody has changed it since the migration.
    """
    fingerprint = now.get("sha256") or now.get("target")
    touched = after is not None and fingerprint is not None and fingerprint != after
    if before is not None and before["kind"] != ABSENT:
        return ("restore" if differs(before, now) else "none"), touched and differs(before, now)
    if now["kind"] == ABSENT:
        return "none", False
    if now["kind"] == DIRECTORY:
        # A directory goes when nothing is left in it.
        return "remove", False
    if after is None:
        # Written by a migration that was killed before it could note so, or by somebody else: only a path that was named is surely ours.
        return ("remove", False) if explicit else ("keep", True)
    return ("keep", True) if touched else ("remove", False)


def plan_restoration(files, trees, after):
    """Decides about all remembered paths and those that have come into the trees.

    :returns: list of dicts with path, action, touched, before and now, in the order in which they are to be done: what is restored from
        the top down, what is removed from the bottom up.
    """
    paths = set(files)
    for tree in trees:
        paths.update(below(tree))
    steps = []
    for path in sorted(paths):
        before, now = files.get(path), state_of(path)
        action, touched = decide(path, before, now, after.get(path), path in files)
        if action != "none":
            steps.append({"path": path, "action": action, "touched": touched, "before": before, "now": now})
    removals = [step for step in steps if step["action"] == "remove"]
    return [step for step in steps if step["action"] != "remove"] + removals[::-1]


def apply_step(step, aside):
    """Restores or removes one path.

    :param step: dict of C(plan_restoration).
    :param aside: str, the directory that gets a copy of what somebody has changed since.
    :returns: bool, whether anything was changed: a directory that still holds something stays.
    """
    path, before, now = step["path"], step["before"], step["now"]
    if step["touched"] and now["kind"] == FILE:
        write_private(os.path.join(aside, path.lstrip("/")), _read(path))
    if step["action"] == "remove":
        if now["kind"] != DIRECTORY:
            os.unlink(path)
            return True
        try:
            os.rmdir(path)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                return False
            raise
        return True
    if before["kind"] == DIRECTORY:
        if now["kind"] != DIRECTORY:
            os.mkdir(path)
        os.chown(path, before["uid"], before["gid"])
        os.chmod(path, int(before["mode"], 8))
        return True
    directory = os.path.dirname(path)
    if not os.path.isdir(directory):
        os.makedirs(directory, 0o755)
    temporary = os.path.join(directory, ".{0}.restored".format(os.path.basename(path)))
    if os.path.lexists(temporary):
        os.unlink(temporary)
    if before["kind"] == LINK:
        os.symlink(before["target"], temporary)
        os.lchown(temporary, before["uid"], before["gid"])
    else:
        data = _read(before["copy"])
        if hashlib.sha256(data).hexdigest() != before["sha256"]:
            raise MigrationError("The copy {0} is not what was kept of {1}: restore the file by hand.".format(before["copy"], path))
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            os.fchown(stream.fileno(), before["uid"], before["gid"])
            os.fchmod(stream.fileno(), int(before["mode"], 8))
    os.rename(temporary, path)
    return True


def describe(path, state):
    """One line about what stands, or stood, at a path: nothing of its contents."""
    if state is None or state["kind"] == ABSENT:
        return ""
    mark = state.get("sha256", "")[:12] or state.get("target", "")
    return "{0} {1}:{2} {3} {4}\n".format(path, state["uid"], state["gid"], state.get("mode", "link"), mark).rstrip() + "\n"


def _read(path):
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise MigrationError("Cannot read {0}: {1}.".format(path, error.strerror))
