"""A FUSE file system that takes different names for one: folding_fs.py FOLDER MOUNT WAY. Needs fusepy and libfuse 2.

WAY: case (lower case, as SMB has it), normal (composed and decomposed characters, as APFS), exfat (case; refuses ':' and
'?'; ignores dots at the end)."""

import errno
import os
import sys
import unicodedata

from fuse import FUSE, FuseOSError, Operations


def as_case(name):
    return name.lower()


def as_normal(name):
    return unicodedata.normalize("NFD", name)


def as_exfat(name):
    if set(name) & set(':?*"<>|'):
        raise FuseOSError(errno.EINVAL)
    return "/".join(part.rstrip(".") for part in name.lower().split("/"))


STATUS = ("st_atime", "st_ctime", "st_gid", "st_mode", "st_mtime", "st_nlink", "st_size", "st_uid")
SPACE = ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_favail", "f_ffree", "f_files", "f_flag", "f_frsize",
         "f_namemax")


def passed(call, *arguments):
    try:
        return call(*arguments)
    except OSError as reason:
        raise FuseOSError(reason.errno) from reason


class Folding(Operations):
    """Everything but the names is that of the folder below."""

    def __init__(self, root, fold):
        self.root, self.fold = root, fold

    def at(self, path):
        return self.root + self.fold(path)

    def getattr(self, path, fh=None):
        status = passed(os.lstat, self.at(path))
        return {name: getattr(status, name) for name in STATUS}

    def readdir(self, path, fh):
        return [".", "..", *os.listdir(self.at(path))]

    def mkdir(self, path, mode):
        passed(os.mkdir, self.at(path), mode)

    def rmdir(self, path):
        passed(os.rmdir, self.at(path))

    def unlink(self, path):
        passed(os.unlink, self.at(path))

    def rename(self, old, new):
        passed(os.rename, self.at(old), self.at(new))

    def link(self, target, source):
        passed(os.link, self.at(source), self.at(target))

    def open(self, path, flags):
        return passed(os.open, self.at(path), flags)

    def create(self, path, mode, fi=None):
        return passed(os.open, self.at(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        passed(os.truncate, self.at(path), length)

    def flush(self, path, fh):
        return 0

    def fsync(self, path, datasync, fh):
        return os.fsync(fh)

    def fsyncdir(self, path, datasync, fh):
        return 0

    def release(self, path, fh):
        return os.close(fh)

    def utimens(self, path, times=None):
        return 0

    def chmod(self, path, mode):
        return 0

    def statfs(self, path):
        space = os.statvfs(self.root)
        return {name: getattr(space, name) for name in SPACE}


if __name__ == "__main__":
    FOLDS = {"case": as_case, "normal": as_normal, "exfat": as_exfat}
    FUSE(Folding(sys.argv[1], FOLDS[sys.argv[3]]), sys.argv[2], foreground=True, nothreads=True)
