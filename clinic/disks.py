"""Disks that take nothing more: nobody's input is to blame, and it ends by itself or by an administrator."""

import errno

_TROUBLE = {
    errno.EACCES,
    errno.EDQUOT,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOSPC,
    errno.EPERM,
    errno.EROFS,
}


def is_disk_trouble(error: BaseException) -> bool:
    """Whether the system refused to store. An image that cannot be written as PNG is an OSError without any number."""
    return isinstance(error, OSError) and error.errno in _TROUBLE
