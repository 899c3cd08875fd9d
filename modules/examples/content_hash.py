"""A hash of labelled images that depends neither on their order nor on their names."""

from __future__ import annotations

import hashlib

_BITS = 256


class ContentHash:
    """Sums up the hashes of labelled images, so that workers can hash them apart.

    Reference: Clarke, Devadas, van Dijk, Gassend, Suh. Incremental multiset hash functions and
    their application to memory integrity checking. ASIACRYPT 2003, section 5: additive hashing.

    Example:
        >>> one, both = ContentHash(), ContentHash()
        >>> one.add(b"seven", 7)
        >>> both.add(b"three", 3)
        >>> joined = ContentHash.joined(one.value, both.value)
        >>> both.add(b"seven", 7)
        >>> both.value == joined
        True
    """

    def __init__(self) -> None:
        self.value = 0

    def add(self, image: bytes, label: int) -> None:
        """Adds an encoded image and its label."""
        digest = hashlib.sha256(b"%d\0%s" % (label, image)).digest()
        self.value = self.joined(self.value, int.from_bytes(digest, "big"))

    @staticmethod
    def joined(first: int, second: int) -> int:
        """Returns the hash of both parts' images together."""
        return (first + second) % 2**_BITS
